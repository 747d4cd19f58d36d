"""`squall bench capacity`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from squall.cli.options import AsJson
from squall.cli.output import echo, print_json
from squall.core.errors import ConfigurationError


def capacity(
    documents_per_day: Annotated[float, typer.Option(min=1, help="Documents a day, for example 1e9.")] = 1e6,
    core_documents: Annotated[float | None, typer.Option(min=0.1, help="Documents a second that one CPU core scores.")] = None,
    gpu_documents: Annotated[float | None, typer.Option(min=0.1, help="Documents a second that one GPU scores.")] = None,
    process_documents: Annotated[
        float | None, typer.Option(min=0.1, help="Documents a second of one worker process without the network.")
    ] = None,
    store_microseconds: Annotated[float | None, typer.Option(min=0.1, help="Processor time of the insert of a document.")] = None,
    recount_microseconds: Annotated[
        float | None, typer.Option(min=0, help="Processor time of an update of counts, for each of its documents.")
    ] = None,
    document_bytes: Annotated[float | None, typer.Option(min=1, help="Bytes of a document on disk.")] = None,
    worker_cores: Annotated[int | None, typer.Option(min=1, help="Cores of a CPU worker.")] = None,
    server_cores: Annotated[int | None, typer.Option(min=1, help="Cores of a ClickHouse server.")] = None,
    server_bytes: Annotated[float | None, typer.Option(min=1, help="Disk of a ClickHouse server.")] = None,
    replicas: Annotated[int | None, typer.Option(min=1, help="Servers of each shard.")] = None,
    retention_days: Annotated[int | None, typer.Option(min=1, help="Days that documents are kept.")] = None,
    delay_seconds: Annotated[float | None, typer.Option(min=0, help="Longest wait for a worker, also in a burst.")] = None,
    burst: Annotated[float, typer.Option(min=1, help="Times as many documents in a burst.")] = 5.0,
    burst_minutes: Annotated[int, typer.Option(min=0, max=240, help="Length of the burst, from the busiest hour on.")] = 15,
    seed: Annotated[int | None, typer.Option(min=0, help="Draw each minute at random; default: its mean.")] = None,
    as_json: AsJson = False,
) -> None:
    """Work out what a number of documents a day needs.

    Nothing is measured: rates of one core, one GPU, one process and one server are those of docs/capacity.md unless given, so give those
    of your machines (`squall model bench`, `squall bench pipeline`, `squall bench store`). A day is simulated minute by minute, with a
    burst in its busiest hour, and the least capacity is found with which no document waits longer than --delay-seconds.

    \b
    Examples:
      squall bench capacity --documents-per-day 1e7
      squall bench capacity --documents-per-day 1e9 --gpu-documents 30000 --json
      squall bench capacity --documents-per-day 1e8 --burst 20 --burst-minutes 5 --delay-seconds 300
    """
    from squall.app.bench.capacity import Machines, Rates, size_of

    rates = Rates(
        **_given(
            core_documents=core_documents,
            gpu_documents=gpu_documents,
            process_documents=process_documents,
            store_microseconds=store_microseconds,
            recount_microseconds=recount_microseconds,
            document_bytes=document_bytes,
        )
    )
    machines = Machines(
        **_given(
            worker_cores=worker_cores,
            server_cores=server_cores,
            server_bytes=server_bytes,
            replicas=replicas,
            retention_days=retention_days,
            delay_seconds=delay_seconds,
        )
    )
    try:
        found = size_of(documents_per_day, rates, machines, burst=burst, burst_minutes=burst_minutes, seed=seed)
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(str(error), "give a number of documents such as 1e6") from None
    if as_json:
        print_json(found)
    else:
        _show(found)


def _given(**options: float | None) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _show(found: dict[str, Any]) -> None:
    arrivals, workers, house = found["arrivals"], found["workers"], found["clickhouse"]
    partitions, backlog, dollars = found["partitions"], found["backlog"], found["dollars_per_million"]
    echo(f"arrivals         {arrivals['mean_per_second']:,.0f} documents a second, {arrivals['peak_per_second']:,.0f} in the burst")
    waiting = f"{backlog['largest']:,.0f} wait, {backlog['longest_seconds']:,.0f} s"
    echo(f"to be taken      {arrivals['needed_per_second']:,.0f} documents a second; with these CPU workers at most {waiting}")
    echo(f"workers          {workers['cpu']:,} on CPUs, or {workers['or_gpus']:,} GPUs with {workers['processes_beside_gpus']:,} processes")
    echo(f"partitions       {partitions['cpu']:,} for CPU workers, {partitions['gpu']:,} with GPUs")
    reasons = ", ".join(f"{name} {shards:,}" for name, shards in house["shards_by"].items())
    echo(f"ClickHouse       {house['shards']:,} shards ({reasons}), {house['servers']:,} servers")
    disk, everything = (found["disk_bytes"][name] / 1e12 for name in ("clickhouse", "all"))
    echo(f"disk             {disk:,.1f} TB in ClickHouse, {everything:,.1f} TB with Kafka")
    echo(f"a million costs  ${dollars['cpu']:,.2f} on CPUs, ${dollars['gpu']:,.2f} with GPUs")
    for each in found["breaks_first"]:
        echo(f"one is not enough: {each['what']}, from {each['at_documents_per_day']:,.0f} a day on")
