"""`squall worker`."""

from __future__ import annotations

import typer

from squall.cli.options import global_options, settings_of
from squall.core.clock import SystemClock


def worker(context: typer.Context) -> None:
    """Consume Kafka through Faust: score, store, commit.

    Run at most as many workers as the topic has partitions. Without a terminal, SIGHUP reads the settings again and switches to the
    checkpoint and the table of entities they name, without interruption.

    \b
    Example:
      export SQUALL_KAFKA__BOOTSTRAP_SERVERS=127.0.0.1:9092 SQUALL_STORE__URL=clickhouse://user:password@127.0.0.1:9000/squall
      squall store migrate && squall worker
    """
    import asyncio

    from squall.app.metrics_and_probes import serving
    from squall.app.pipeline import checkpoint_swap, entities_swap, kafka_dead_letters, open_pipeline
    from squall.app.signals import reload_on_hangup, stop_on_signals

    settings, clock = settings_of(context, broker=True), SystemClock()
    with (
        stop_on_signals() as stop,
        serving(settings, clock, "broker", "store", "model") as health,
        kafka_dead_letters(settings, stop, health) as sink,
        open_pipeline(settings, clock, stop, sink, health) as pipeline,
        reload_on_hangup(global_options(context).load, checkpoint_swap(pipeline.engine), entities_swap(pipeline.processor)),
    ):
        asyncio.run(pipeline.consume_kafka())
