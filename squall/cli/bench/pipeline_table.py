"""What `squall bench pipeline` measured, as text."""

from __future__ import annotations

from typing import Any

from squall.cli.output import echo


def print_pipeline(found: dict[str, Any]) -> None:
    """Print what was measured, each figure beside what it is compared with."""
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
