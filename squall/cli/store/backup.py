"""`squall store backup`."""

from __future__ import annotations

from typing import Annotated

import typer

from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_json
from squall.cli.progress import progress_bar
from squall.core.net.addresses import redact_url

Disk = Annotated[str, typer.Option(help="Disk of a ClickHouse server that backups may go to (its `backups.allowed_disk`).")]


def backup(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="A new file: .tar.zst, .tar.gz or .tar; another name is a folder. On a server: a name on its disk.")
    ],
    disk: Disk = "backups",
    as_json: AsJson = False,
) -> None:
    """Back up the whole store into one file.

    An embedded store must not be open: stop `squall up` first. A server is backed up while it is in use, to a disk of its own.
    """
    from squall.app.store_backup import back_up

    settings = settings_of(context)
    with progress_bar() as bar:
        rows = back_up(settings, name, disk, lambda done, files: bar(f"backup: {done} of {files} files", done / files if files else None))
    if as_json:
        print_json({"url": redact_url(settings.store_url), "backup": name, "rows": rows})
        return
    echo(f"{redact_url(settings.store_url)}: {sum(rows.values()):,} rows of {len(rows)} tables in {name}")
    echo(f"restore into an empty store with `squall store restore {name}`")
