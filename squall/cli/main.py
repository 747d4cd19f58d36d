"""`squall`: one command line for analysts, risk teams and engineers. Heavy parts are imported by the command that needs them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from squall import __version__
from squall.cli import alerts as cli_alerts
from squall.cli import backtest as cli_backtest
from squall.cli import dashboards as cli_dashboards
from squall.cli import ingest as cli_ingest
from squall.cli import kafka as cli_kafka
from squall.cli import model as cli_model
from squall.cli import run as cli_run
from squall.cli import settings as cli_settings
from squall.cli import store as cli_store
from squall.cli import web as cli_web
from squall.core.config.loading import CONFIG_VARIABLE, load_settings
from squall.core.errors import ConfigurationError, SquallError, StoppedError
from squall.core.observability.logging import configure_logging

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads share their cores with the store's: sleep, don't spin

EXIT_FAILED = 1
EXIT_USAGE = 2

app = typer.Typer(
    name="squall",
    help="Scores financial news and social text for topic and sentiment, stores it in ClickHouse, warns when negative sentiment spikes.",
    epilog="First time here? Run `squall demo`. Something wrong? Run `squall doctor`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"squall {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="TOML settings file; default: squall.toml here, if there is one.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder for the embedded store, cursors and outbox.")] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Read the settings: these options, then SQUALL_ environment variables, then the TOML file."""
    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config)
    if data_dir is not None:
        os.environ["SQUALL_DATA_DIR"] = str(data_dir)
    if context.invoked_subcommand != "doctor":  # which says itself what is wrong with them
        configure_logging(load_settings().log)


app.add_typer(cli_model.app, name="model")
app.add_typer(cli_store.app, name="store")
app.add_typer(cli_ingest.app, name="ingest")
app.add_typer(cli_kafka.app, name="kafka")
app.add_typer(cli_alerts.app, name="alerts")
app.add_typer(cli_backtest.app, name="backtest")
app.add_typer(cli_dashboards.app, name="dashboards")
app.command("detect")(cli_alerts.detect)
app.command("demo")(cli_run.demo)
app.command("up")(cli_run.up)
app.command("worker")(cli_run.worker)
app.command("broker")(cli_run.broker)
app.command("replay")(cli_ingest.replay)
app.command("web")(cli_web.web)
app.command("doctor")(cli_run.doctor)
app.command("settings")(cli_settings.settings)


def _complain(error: SquallError) -> None:
    typer.echo(f"squall: {error.what}", err=True)
    if error.hint:
        typer.echo(f"        → {error.hint}", err=True)


def main() -> None:
    """Run the command line; exit 0 done, 1 failed, 2 wrong use."""
    try:
        app()
    except ConfigurationError as error:
        _complain(error)
        sys.exit(EXIT_USAGE)
    except StoppedError:
        sys.exit(0)
    except SquallError as error:
        _complain(error)
        sys.exit(EXIT_FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `squall … | head`
        sys.exit(0)
