"""`squall dashboards`: one module per command."""

import typer

from squall.cli.dashboards import build, check, push

app = typer.Typer(help="Build, check and push Grafana dashboards.", no_args_is_help=True)
app.command("push")(push.push)
app.command("build")(build.build)
app.command("check")(check.check)
