"""`squall alerts`: one module per command."""

import typer

from squall.cli.alerts import acknowledge, show, silence
from squall.cli.alerts import list as list_
from squall.cli.alerts import test as test_

app = typer.Typer(help="List, show, silence, acknowledge alerts.", no_args_is_help=True)
app.command("list")(list_.list_alerts)
app.command("show")(show.show)
app.command("silence")(silence.silence)
app.command("ack")(acknowledge.acknowledge)
app.command("test")(test_.send_samples)
