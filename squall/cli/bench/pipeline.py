"""`squall bench pipeline`."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from squall.cli.bench.pipeline_table import print_pipeline
from squall.cli.model.sample_texts import sample_texts
from squall.cli.options import AsJson, SampleTexts, settings_of
from squall.cli.output import print_json
from squall.cli.progress import progress_bar
from squall.core.clock import SystemClock

_TEXTS = 10_000


def pipeline(
    context: typer.Context,
    texts: SampleTexts = None,
    documents: Annotated[
        int, typer.Option(min=1500, help="Documents of a turn at full speed; five times as many with a free scorer.")
    ] = 4000,
    seconds: Annotated[float, typer.Option(min=1.0, help="Length of each measurement of latency.")] = 10.0,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each at full speed; the medians are shown.")] = 3,
    kafka: Annotated[str, typer.Option(metavar="HOST:PORT", help="A broker of your own; default: the development broker.")] = "",
    store: Annotated[str, typer.Option(metavar="URL", help="A ClickHouse server of your own; default: an embedded store.")] = "",
    as_json: AsJson = False,
) -> None:
    """Measure the pipeline from publication to storage.

    Documents go both ways, in process and through Kafka and Faust, with the model and with a scorer that costs nothing. Beside them the
    same run measures the engine alone, an aiokafka consumer that only parses, and bulk inserts: figures of one run can be compared,
    whatever else the machine does. Then documents come at 25, 50 and 80% of what each way can do, and p50 and p99 from publication to
    storage are shown, and the processor time of each stage. It takes five minutes or more on an idle machine.

    With --kafka and --store it works in topics, a consumer group and a database of its own, which are removed at the end. Login and TLS
    of the broker are those of the settings (SQUALL_KAFKA__…). docs/performance.md says how to read the figures.

    \b
    Examples:
      squall bench pipeline
      squall bench pipeline --documents 2000 --seconds 5 --rounds 1
      squall bench pipeline --kafka broker:9092 --store clickhouse://user:password@host:9000 --json > pipeline.json
    """
    from squall.app.bench.pipeline import PipelinePlan, run_pipeline_bench
    from squall.app.signals import stop_on_signals

    plan = PipelinePlan(documents, seconds, rounds, kafka, store)
    sample = list(islice(sample_texts(texts), _TEXTS))
    with stop_on_signals() as stop, progress_bar() as show:
        found = run_pipeline_bench(settings_of(context), sample, plan, SystemClock(), stop, show)
    if as_json:
        print_json(found)
    else:
        print_pipeline(found)
