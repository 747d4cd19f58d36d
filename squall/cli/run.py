"""`squall demo|up|worker|broker|replay|doctor`: what runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import orjson
import typer

from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError

Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running afterwards, until Ctrl-C.")] = False,
    speed: Annotated[str, typer.Option(help="How fast the three days go by: 4320x is a minute.")] = "4320x",
    seed: Annotated[int, typer.Option(help="Another seed gives another stream.")] = 7,
    as_json: Json = False,
) -> None:
    """Show the whole pipeline over a bundled stream with a scripted crisis: takes about a minute and a half.

    A development broker, an ingest worker, the Faust worker with the real model, an embedded ClickHouse, the detector and
    its e-mails. Set SQUALL_KAFKA__BOOTSTRAP_SERVERS or SQUALL_STORE__URL to use your own servers instead.
    Exit 1 if a document was lost or the crisis was missed.
    """
    from squall.app.demo import run_demo

    raise typer.Exit(run_demo(load_settings(), SystemClock(), speed=speed, seed=seed, keep=keep, as_json=as_json))


def up() -> None:
    """Run everything on this machine until Ctrl-C: sources, model, store, detector, e-mails, live page.

    Without a broker the sources are those of the settings (ingest.feeds, ingest.files, push.enabled); with
    SQUALL_KAFKA__BOOTSTRAP_SERVERS set it consumes Kafka instead, as `squall worker` does. Run without a terminal, SIGHUP reads the
    settings again and swaps in the checkpoint they name, without a pause.

    \b
    Examples:
      SQUALL_PUSH__ENABLED=true squall up
      SQUALL_INGEST__FEEDS=feeds.toml squall up
      SQUALL_KAFKA__BOOTSTRAP_SERVERS=127.0.0.1:9092 squall up
    """
    import asyncio

    from squall.app.metrics_server import serving
    from squall.app.node import Node, configured_sources
    from squall.app.pipeline import kafka_dead_letters, open_pipeline, swap_on_hangup
    from squall.app.signals import stop_on_signals

    settings, clock = load_settings(), SystemClock()
    with stop_on_signals() as stop:
        if settings.kafka.bootstrap_servers:
            with (
                serving(settings, clock, "broker", "store", "model") as health,
                kafka_dead_letters(settings, stop, health) as sink,
                open_pipeline(settings, clock, stop, sink, health) as pipeline,
                swap_on_hangup(pipeline.engine),
            ):
                asyncio.run(Node(pipeline).run())
        else:
            with serving(settings, clock, "store", "model") as health:
                sources = configured_sources(settings, clock, health)
                with open_pipeline(settings, clock, stop, health=health) as pipeline, swap_on_hangup(pipeline.engine):
                    asyncio.run(Node(pipeline, sources).run())


def worker() -> None:
    """Consume Kafka through Faust: score, store, acknowledge. Run as many as there are partitions.

    Run without a terminal, SIGHUP reads the settings again and swaps in the checkpoint they name, without a pause.

    \b
    Example:
      export SQUALL_KAFKA__BOOTSTRAP_SERVERS=127.0.0.1:9092 SQUALL_STORE__URL=clickhouse://user:password@127.0.0.1:9000/squall
      squall store migrate && squall worker
    """
    import asyncio

    from squall.app.metrics_server import serving
    from squall.app.pipeline import kafka_dead_letters, open_pipeline, swap_on_hangup
    from squall.app.signals import stop_on_signals

    settings, clock = load_settings(), SystemClock()
    require_broker(settings)
    with (
        stop_on_signals() as stop,
        serving(settings, clock, "broker", "store", "model") as health,
        kafka_dead_letters(settings, stop, health) as sink,
        open_pipeline(settings, clock, stop, sink, health) as pipeline,
        swap_on_hangup(pipeline.engine),
    ):
        asyncio.run(pipeline.consume_kafka())


def broker(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 9092,
    folder: Annotated[Path | None, typer.Option(help="Where topics are kept; default: broker in the data folder.")] = None,
) -> None:
    """Run the development broker in the foreground: speaks Kafka, on this machine only, for trying things out. Never for production."""
    from squall.app.dev_broker import DevelopmentBroker
    from squall.app.signals import stop_on_signals

    settings, clock = load_settings(), SystemClock()
    with stop_on_signals() as stop:
        server = DevelopmentBroker(folder or settings.data_dir / "broker", port, clock)
        server.start()
        typer.echo(f"Kafka on {server.bootstrap_servers}, until Ctrl-C. In another terminal:", err=True)
        typer.echo(f"  export SQUALL_KAFKA__BOOTSTRAP_SERVERS={server.bootstrap_servers}", err=True)
        try:
            while not stop.wait(0.2) and server.running:
                pass
        finally:
            server.stop()
        if not stop.is_set():
            raise typer.Exit(1)


def doctor(as_json: Json = False) -> None:
    """Check configuration, broker, store, model and SMTP, and say what to do. Exit 1 when something is wrong."""
    import logging

    from squall.app.doctor import examine

    logging.disable(logging.CRITICAL)  # the clients' own complaints say less than the checks
    checks = examine(SystemClock())
    if as_json:
        typer.echo(orjson.dumps([check.as_dict() for check in checks], option=orjson.OPT_INDENT_2))
    else:
        for check in checks:
            typer.echo(f"{check.mark} {check.part:14} {check.state}")
            if check.mend:
                typer.echo(f"  {'':14} → {check.mend}")
    raise typer.Exit(1 if any(not check.healthy for check in checks) else 0)


def require_broker(settings: Settings) -> None:
    """Raise `ConfigurationError` when no broker is set."""
    if not settings.kafka.bootstrap_servers:
        raise ConfigurationError(
            "no broker is set", "set SQUALL_KAFKA__BOOTSTRAP_SERVERS=host:port; `squall broker` runs a development one on 127.0.0.1:9092"
        )
