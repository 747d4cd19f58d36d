"""`squall store`: the schema."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer

from squall.core.config.loading import load_settings
from squall.core.net.addresses import redact_url

app = typer.Typer(help="The ClickHouse schema: create it, bring it up to date, look at it.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def migrate() -> None:
    """Apply the migrations that are missing. Safe to run again."""
    from squall.app.store import connect

    settings = load_settings()
    _make_folder(settings.store_url)
    store = connect(settings)
    try:
        applied = store.schema.migrate()
    finally:
        store.close()
    for migration in applied:
        typer.echo(f"applied {migration.number:04d} {migration.name}")
    typer.echo(f"{redact_url(settings.store_url)}: up to date")


@app.command()
def status(as_json: Json = False) -> None:
    """Say which migrations are applied. Exit 1 when some are missing."""
    from squall.app.store import connect

    settings = load_settings()
    _make_folder(settings.store_url)
    store = connect(settings)
    try:
        version, migrations = store.ping(), store.schema.status()
    finally:
        store.close()
    pending = [migration for migration in migrations if migration.applied_at is None]
    if as_json:
        rows = [{"number": m.number, "name": m.name, "applied_at": m.applied_at} for m in migrations]
        typer.echo(orjson.dumps({"url": redact_url(settings.store_url), "version": version, "pending": len(pending), "migrations": rows}))
    else:
        typer.echo(f"{redact_url(settings.store_url)} (ClickHouse {version})")
        for migration in migrations:
            when = f"applied {migration.applied_at:%Y-%m-%d %H:%M}" if migration.applied_at else "missing: run `squall store migrate`"
            typer.echo(f"{migration.number:04d} {migration.name}  {when}")
    if pending:
        raise typer.Exit(1)


def _make_folder(url: str) -> None:
    from pathlib import Path

    if url.startswith("chdb://"):
        Path(url.removeprefix("chdb://").split("?")[0]).parent.mkdir(parents=True, exist_ok=True)
