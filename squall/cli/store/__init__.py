"""`squall store`: one module per command."""

import typer

from squall.cli.store import migrate, status

app = typer.Typer(help="Migrate the ClickHouse schema, show its state.", no_args_is_help=True)
app.command("migrate")(migrate.migrate)
app.command("status")(status.status)
