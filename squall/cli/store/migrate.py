"""`squall store migrate`."""

from __future__ import annotations

from typing import Annotated

import typer

from squall.cli.options import settings_of
from squall.cli.output import echo
from squall.core.net.addresses import redact_url


def migrate(
    context: typer.Context,
    create_database: Annotated[
        bool, typer.Option("--create-database", help="Create the database on the server first, if it is missing.")
    ] = False,
) -> None:
    """Apply the migrations that are missing.

    An embedded store that does not exist is created. Safe to run again.
    """
    from squall.app.store import connect
    from squall.storage import opening

    settings = settings_of(context)
    if create_database:
        opening.create_database(settings.store_url, settings.store.timeout_seconds, settings.store.cluster)
    store = connect(settings)
    try:
        applied = store.schema.migrate()
    finally:
        store.close()
    for migration in applied:
        echo(f"applied {migration.number:04d} {migration.name}")
    echo(f"{redact_url(settings.store_url)}: up to date")
