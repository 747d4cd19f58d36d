"""`squall bench pipeline`."""

from __future__ import annotations

from itertools import islice
from typing import Annotated, Any

import typer

from squall.cli.model.sample_texts import sample_texts
from squall.cli.options import AsJson, SampleTexts, settings_of
from squall.cli.output import echo, print_json
from squall.cli.progress import progress_bar
from squall.core.clock import SystemClock

_TEXTS = 10_000

app = typer.Typer(help="Measure the whole pipeline on this machine.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def bench() -> None:
    """Keep `pipeline` a subcommand: Typer merges an only command with its group."""


@app.command()
def pipeline(
    context: typer.Context,
    texts: SampleTexts = None,
    documents: Annotated[
        int, typer.Option(min=100, help="Documents of a turn at full speed; five times as many with a free scorer.")
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
      squall bench pipeline --documents 1000 --seconds 5 --rounds 1
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
        _print(found)


def _print(found: dict[str, Any]) -> None:
    machine = found["machine"]
    echo(f"{machine['cores']} cores, load {machine['load_at_start']:.1f} at the start and {machine['load_at_end']:.1f} at the end")
    echo(f"{'engine alone':24} {found['engine']['documents_per_second']:9,.0f} documents/s")
    for name, rate in found["bounds"].items():
        echo(f"{name:24} {rate:9,.0f} documents/s")
    bounds = {"real": "of the engine", "free": "of the slower bound"}
    for scorer, entry in found["pipeline"].items():
        echo(f"\n{scorer} scorer")
        for way, row in entry["ways"].items():
            quarter = row["slowest_quarter_share"]
            even = "" if quarter is None else f"; slowest quarter {quarter:.0%} of the fastest"
            echo(f"  {way:22} {row['documents_per_second']:9,.0f} documents/s, {row['share_of_bound']:.0%} {bounds[scorer]}{even}")
            for load, latency in row["latency"].items():
                times = f"p50 {latency['p50_seconds']:.2f} s, p99 {latency['p99_seconds']:.2f} s"
                echo(f"    at {load:>4} {latency['documents_per_second']:9,.0f} documents/s: {times} from publication to storage")
        costs = ", ".join(f"{stage} {cost:,.0f}" for stage, cost in entry["cpu_microseconds"].items())
        echo(f"  processor time, µs a document: {costs}")
    echo(f"\nmemory at most {found['memory']['peak_bytes'] / 1e6:,.0f} MB")
