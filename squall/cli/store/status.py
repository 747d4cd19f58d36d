"""`squall store status`."""

from __future__ import annotations

import typer

from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_json
from squall.core.clock import SystemClock
from squall.core.net.addresses import redact_url


def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Show which migrations are applied.

    This also works while a node has the embedded store open. Exit 1 when a migration is missing.
    """
    from squall.operator.opening import read_store_status

    settings = settings_of(context)
    found = read_store_status(settings, SystemClock())
    url = redact_url(settings.store_url)
    if as_json:
        rows = [{"number": m.number, "name": m.name, "applied_at": m.applied_at} for m in found.migrations]
        print_json({"url": url, "version": found.version, "pending": found.pending, "migrations": rows})
    else:
        echo(f"{url} (ClickHouse {found.version})")
        for migration in found.migrations:
            when = f"applied {migration.applied_at:%Y-%m-%d %H:%M}" if migration.applied_at else "missing: run `squall store migrate`"
            echo(f"{migration.number:04d} {migration.name}  {when}")
    if found.pending:
        raise typer.Exit(1)
