"""`squall up`."""

from __future__ import annotations

import typer

from squall.cli.options import global_options, settings_of
from squall.core.clock import SystemClock


def up(context: typer.Context) -> None:
    """Run everything on this machine until Ctrl-C.

    One process runs the sources, the model, the store, the detector, its e-mails and the live page. Without a broker the sources are
    those of the settings (ingest.feeds, ingest.files, ingest.sources, push.enabled). With SQUALL_KAFKA__BOOTSTRAP_SERVERS it consumes
    Kafka instead, as `squall worker` does. Without a terminal, SIGHUP reads the settings again and switches to the checkpoint, the table
    of entities and the push tokens they name, without interruption.

    \b
    Examples:
      SQUALL_PUSH__ENABLED=true squall up
      SQUALL_INGEST__FEEDS=feeds.toml squall up
      SQUALL_KAFKA__BOOTSTRAP_SERVERS=127.0.0.1:9092 squall up
    """
    import asyncio

    from squall.app.metrics_and_probes import serving
    from squall.app.node import Node
    from squall.app.pipeline import checkpoint_swap, entities_swap, kafka_dead_letters, open_pipeline
    from squall.app.signals import reload_on_hangup, stop_on_signals
    from squall.app.sources import configured_sources, token_rotation

    settings, clock, reload = settings_of(context), SystemClock(), global_options(context).load
    with stop_on_signals() as stop:
        if settings.kafka.bootstrap_servers:
            with (
                serving(settings, clock, "broker", "store", "model") as health,
                kafka_dead_letters(settings, stop, health) as sink,
                open_pipeline(settings, clock, stop, sink, health) as pipeline,
                reload_on_hangup(reload, checkpoint_swap(pipeline.engine), entities_swap(pipeline.processor)),
            ):
                asyncio.run(Node(pipeline).run())
        else:
            with serving(settings, clock, "store", "model") as health:
                sources = configured_sources(settings, clock, health)
                with (
                    open_pipeline(settings, clock, stop, health=health) as pipeline,
                    reload_on_hangup(reload, checkpoint_swap(pipeline.engine), entities_swap(pipeline.processor), *token_rotation(sources)),
                ):
                    asyncio.run(Node(pipeline, sources).run())
