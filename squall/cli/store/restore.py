"""`squall store restore`."""

from __future__ import annotations

from typing import Annotated

import typer

from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_json
from squall.cli.progress import progress_bar
from squall.cli.store.backup import Disk
from squall.core.net.addresses import redact_url


def restore(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What `squall store backup` wrote.")],
    disk: Disk = "backups",
    database: Annotated[
        str, typer.Option(help="Name of the database that was backed up on a server; default: that of SQUALL_STORE__URL.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Restore a backup into a store that has no tables.

    Use a new --data-dir, or an empty database on a server. Then `squall store migrate` brings a backup of an older version up to date.
    """
    from squall.app.store_backup import restore as restore_backup

    settings = settings_of(context)
    with progress_bar() as bar:
        rows = restore_backup(
            settings, name, disk, database, lambda done, files: bar(f"restore: {done} of {files} files", done / files if files else None)
        )
    if as_json:
        print_json({"url": redact_url(settings.store_url), "backup": name, "rows": rows})
        return
    echo(f"{redact_url(settings.store_url)}: {sum(rows.values()):,} rows of {len(rows)} tables restored from {name}")
