"""`squall store`: one module per command."""

import typer

from squall.cli.store import backup, migrate, restore, status

app = typer.Typer(help="Migrate the ClickHouse schema, show its state, back it up.", no_args_is_help=True)
app.command("migrate")(migrate.migrate)
app.command("backup")(backup.backup)
app.command("restore")(restore.restore)
app.command("status")(status.status)
