"""`squall bench store`."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from squall.cli.model.sample_texts import sample_texts
from squall.cli.options import AsJson, SampleTexts
from squall.cli.output import echo, print_json
from squall.cli.progress import progress_bar
from squall.core.clock import SystemClock

_TEXTS = 200_000


def store(
    texts: SampleTexts = None,
    documents: Annotated[int, typer.Option(min=1000, help="Documents of the day that is stored.")] = 200_000,
    sentences: Annotated[int, typer.Option(min=0, max=100, help="Headlines in the body of each document.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Of the choice of headlines, names and scores.")] = 1,
    server: Annotated[str, typer.Option("--store", metavar="URL", help="A ClickHouse server; default: an embedded store.")] = "",
    as_json: AsJson = False,
) -> None:
    """Measure inserts, size on disk, the overview and search.

    A day of documents is made of the headlines in --texts, each with a body and names, and stored in blocks of 2,048. The rate and the
    processor time are those of the inserts alone; size is after merging. Then the overview is read and words are searched: one that 5% of
    the documents have, one that 0.1% have, one that a few have and one that none has. 200,000 documents take three minutes or more.

    \b
    Examples:
      squall bench store
      squall bench store --texts headlines.txt --documents 1000000 --json
      squall bench store --store clickhouse://user:password@host:9000
    """
    from squall.app.bench.stored import StorePlan, run_store_bench
    from squall.app.signals import stop_on_signals

    plan = StorePlan(documents, sentences, seed, server)
    sample = list(islice(sample_texts(texts), _TEXTS))
    with stop_on_signals() as stop, progress_bar() as show:
        found = run_store_bench(sample, plan, SystemClock(), stop, show)
    if as_json:
        print_json(found)
        return
    machine, insert, disk = found["machine"], found["insert"], found["disk"]
    echo(
        f"ClickHouse {machine['clickhouse']}, {machine['cores']} cores, load {machine['load_at_start']:.1f} to {machine['load_at_end']:.1f}"
    )
    echo(f"inserts   {insert['documents_per_second']:9,.0f} documents/s, {insert['cpu_microseconds']:,.0f} µs of processor time each")
    echo(f"counts    {found['rollups_seconds']:9.1f} s for the whole day")
    echo(f"disk      {disk['bytes_per_million_documents'] / 1e6:9,.0f} MB a million documents")
    for table, size in disk["tables_per_million_documents"].items():
        echo(f"  {table:20} {size['bytes'] / 1e6:9,.1f} MB, of which indexes {size['index_bytes'] / 1e6:,.1f} MB")
    for name, times in found["milliseconds"].items():
        echo(f"{name:22} {times['median']:7,.0f} ms (first {times['first']:,.0f}, fastest {times['fastest']:,.0f})")
