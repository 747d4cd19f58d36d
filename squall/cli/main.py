"""`squall`: the command line of analysts, risk teams and engineers. Each command imports what it needs, so that start-up is fast."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from squall import __version__
from squall.cli import alerts, backtest, bench, dashboards, entities, ingest, kafka, model, store
from squall.cli.demo import demo
from squall.cli.detect import detect
from squall.cli.doctor import doctor
from squall.cli.kafka.broker import broker
from squall.cli.options import GlobalOptions
from squall.cli.output import echo, print_error
from squall.cli.replay import replay
from squall.cli.settings import settings
from squall.cli.stories import stories
from squall.cli.up import up
from squall.cli.web import web
from squall.cli.worker import worker
from squall.core.config.files.permissions import permission_warnings
from squall.core.config.loading import unused_properties
from squall.core.errors import ConfigurationError, SquallError, StoppedError
from squall.core.observability.logging import configure_logging, log_unforeseen_errors

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads share their cores with the store's: they sleep instead of spinning

log = logging.getLogger("squall")

EXIT_FAILED = 1
EXIT_USAGE = 2

app = typer.Typer(
    name="squall",
    help="Scores financial news and social text for topic and sentiment, stores the results in ClickHouse, and raises an alert "
    "when negative sentiment spikes.",
    epilog="New here? Run `squall demo`. Something is wrong? Run `squall doctor`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(value: bool) -> None:
    if value:
        echo(f"squall {__version__}")
        raise typer.Exit


@app.callback()
def read_global_options(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="TOML settings file; default: squall.toml in this folder, if it exists.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the embedded store, cursors and outbox.")] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Pass the options on to the command, and set up its log."""
    context.obj = GlobalOptions(config, data_dir)
    if context.invoked_subcommand != "doctor":  # doctor reports itself what is wrong with the settings
        loaded = context.obj.load()
        configure_logging(loaded.log)
        for warning in (*permission_warnings(loaded, context.obj.file()), unused_properties(loaded)):
            if warning:
                log.warning("%s", warning)


for group in (model, entities, store, ingest, kafka, alerts, backtest, bench, dashboards):
    app.add_typer(group.app, name=group.__name__.rpartition(".")[2])
for command in (detect, demo, up, worker, broker, replay, stories, web, doctor, settings):
    app.command()(command)


def main() -> None:
    """Run the command line; exit 0: done, 1: failed, 2: wrong use."""
    log_unforeseen_errors()
    try:
        app()
    except ConfigurationError as error:
        print_error(error)
        sys.exit(EXIT_USAGE)
    except StoppedError:
        sys.exit(0)
    except SquallError as error:
        print_error(error)
        sys.exit(EXIT_FAILED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # `squall … | head`
        sys.exit(0)
