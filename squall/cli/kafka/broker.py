"""`squall broker`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squall.cli.options import settings_of
from squall.cli.output import echo
from squall.core.clock import SystemClock


def broker(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 9092,
    folder: Annotated[Path | None, typer.Option(help="Folder of the topics; default: broker in the data folder.")] = None,
) -> None:
    """Run the development broker until Ctrl-C.

    It speaks Kafka's protocol, on this machine only, and is not for production.
    """
    from squall.app.dev_broker import DevelopmentBroker
    from squall.app.signals import stop_on_signals

    settings, clock = settings_of(context), SystemClock()
    with stop_on_signals() as stop:
        server = DevelopmentBroker(folder or settings.data_dir / "broker", port, clock)
        server.start()
        echo(f"Kafka on {server.bootstrap_servers}, until Ctrl-C. In another terminal:", err=True)
        echo(f"  export SQUALL_KAFKA__BOOTSTRAP_SERVERS={server.bootstrap_servers}", err=True)
        try:
            while not stop.wait(0.2) and server.running:
                pass
        finally:
            server.stop()
        if not stop.is_set():
            raise typer.Exit(1)
