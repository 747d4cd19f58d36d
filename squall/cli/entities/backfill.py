"""`squall entities backfill`."""

from __future__ import annotations

from dataclasses import asdict

import typer

from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_json
from squall.cli.progress import progress_bar
from squall.core.clock import SystemClock


def backfill(context: typer.Context, as_json: AsJson = False) -> None:
    """Find names, severity and events in stored documents. Read those that the present model has not read with the present entities.

    For stores from before they were read, after a new model, and after a change of your own entities. Topic and sentiment stay as they
    were scored; severity and events are read where the model has heads for them. Documents are read in the order of publication and
    written in small batches: stopped or killed, another run continues with what is left. On a server it works beside workers and the
    detector; an embedded store has one owner, so stop `squall up` first. Exit 1 when it was stopped, or a text could not be read.

    \b
    Examples:
      squall entities backfill
      squall --data-dir /var/lib/squall entities backfill --json
    """
    from squall.app.backfill import backfill_store
    from squall.app.signals import stop_on_signals

    settings = settings_of(context)
    with stop_on_signals() as stop, progress_bar() as show:
        result = backfill_store(settings, SystemClock(), stop, show)
    if as_json:
        print_json(asdict(result))
    else:
        found = f"{result.with_names:,} with names, {result.with_severity:,} with severity"
        echo(f"{result.documents:,} documents read, {found}; {result.known:,} were read before")
        if result.documents and not result.with_severity:
            echo(f"model {result.model_version} says nothing of severity and events: documents keep what they have")
        if result.failed:
            echo(f"{result.failed:,} could not be read; the log names them, and the next backfill tries again")
        if not result.complete:
            echo("stopped: run it again to continue")
    if result.failed or not result.complete:
        raise typer.Exit(1)
