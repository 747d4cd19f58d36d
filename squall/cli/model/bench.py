"""`squall model bench`."""

from __future__ import annotations

import time
from itertools import count, islice
from typing import Annotated, Any

import typer

from squall.cli.model.pytorch import require_torch
from squall.cli.model.sample_texts import sample_texts
from squall.cli.options import AsJson, Checkpoint, SampleTexts, settings_of
from squall.cli.output import echo, print_json
from squall.cli.progress import progress_bar


def bench(
    context: typer.Context,
    checkpoint: Checkpoint = None,
    texts: SampleTexts = None,
    rows: Annotated[int, typer.Option(min=1, help="Number of texts.")] = 4000,
    seconds: Annotated[float, typer.Option(min=0.01, help="Length of one turn of one candidate.")] = 3.0,
    as_json: AsJson = False,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer candidates and rounds: a minute or two, for a first impression.")] = False,
) -> None:
    """Measure texts per second on this machine.

    The candidates are (a) two transformers pipelines of BERT-base size, (b) two pipelines of Squall's encoder size, (c) the engine with
    every backend and precision that this machine supports, and (d) the roofline: the matrix products alone at the machine's peak rate.
    They take turns for five rounds; the medians are reported. A full run takes ten minutes or more; run it on an idle machine.
    SQUALL_MODEL__THREADS and SQUALL_MODEL__DEVICE apply to all. Example: squall model bench --texts headlines.txt --json > bench.json
    """
    from dataclasses import replace

    require_torch("the comparison with pipelines of transformers", "torch")
    from squall.model.bench.benchmark import QUICK, Plan, run_bench

    settings = settings_of(context).model
    settings = settings.model_copy(update={"path": checkpoint}) if checkpoint else settings
    plan = QUICK if quick else replace(Plan(), seconds=seconds)
    sample = list(islice(sample_texts(texts), rows))
    steps = count(1)
    with progress_bar() as show:
        found = run_bench(settings, sample, plan, time.perf_counter, lambda step: show(f"{next(steps)} steps done: {step}", None))
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: dict[str, Any]) -> None:
    machine = found["machine"]
    echo(f"{machine['processor']}, {machine['threads']} threads, {machine.get('gpu', machine['device'])}; {_joined(found['versions'])}")
    echo(f"{found['texts']} texts of {found['mean_tokens']:.1f} tokens; {found['operations_per_text'] / 1e6:.0f} M operations each")
    header = f"{'candidate':28} {'texts/s':>9} {'tokens/s':>9} {'× (a)':>7} {'× (b)':>7} {'roofline':>8} {'padding':>8} {'tokenising':>11}"
    echo(f"{header}   p50/p99 ms of 1, 32, 512")
    for row in found["contestants"]:
        echo(_line(row).rstrip())
    for precision, limit in found["floor"].items():
        rate = limit["operations_per_second"] / 1e9
        echo(f"{'roofline ' + precision:28} {limit['texts_per_second']:9.0f} {limit['tokens_per_second']:9.0f}   {rate:.0f} G operations/s")
    for name, why in found["skipped"].items():
        echo(f"skipped {name}: {why}")


def _line(row: dict[str, Any]) -> str:
    text = f"{row['name']:28} {row['texts_per_second']:9.1f} {row['tokens_per_second']:9.0f}"
    text += f" {row['times_base_pipelines']:7.1f} {row['times_small_pipelines']:7.1f}"
    if "latency" not in row:
        return text
    share = f"{row['share_of_floor']:8.0%}" if "share_of_floor" in row else f"{'':8}"
    times = "  ".join(f"{found['p50_ms']:.1f}/{found['p99_ms']:.1f}" for found in row["latency"].values())
    return f"{text} {share} {row['padding_waste']:8.1%} {row['tokenising_share']:11.1%}   {times}"


def _joined(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in versions.items())
