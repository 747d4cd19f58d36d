"""The benchmark of `squall bench pipeline`: both ways of a document, beside the bounds of their parts, in one run."""

from __future__ import annotations

import logging
import os
import secrets
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

import psutil

from squall import storage
from squall.app.bench.bounds import bare_consumer, bare_insert, engine_alone
from squall.app.bench.free_scorer import FreeScorer
from squall.app.bench.stage_cost import stage_costs
from squall.app.bench.ways import WARM_UP, WAYS, Bench, Scoring
from squall.app.dev_broker import DevelopmentBroker
from squall.app.linking import open_linker
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.cpus import usable_cores
from squall.core.errors import StoppedError
from squall.model.serving.engine import ScoringEngine
from squall.storage.scratch import scratch_database

LOADS: Final = (0.25, 0.5, 0.8)
"""Shares of the maximum at which latency is measured."""
FREE_FACTOR: Final = 5
"""Times as many documents where scoring is free."""
REAL, FREE = "real", "free"

ReportStep = Callable[[str, float], None]
"""Receives what is measured now, and the share that is done, 0 to 1."""


@dataclass(frozen=True)
class PipelinePlan:
    """How much is measured.

    Args:
        documents: of one turn at full speed; five times as many where scoring is free.
        seconds: of one measurement of latency.
        rounds: turns of each at full speed; the medians are reported.
        kafka: `host:port` of a broker; empty: the development broker.
        store: URL of a ClickHouse server; empty: an embedded store.
    """

    documents: int = 4000
    seconds: float = 10.0
    rounds: int = 3
    kafka: str = ""
    store: str = ""


class _Steps:
    """Counts what is done, and ends the run between two steps."""

    def __init__(self, steps: int, report: ReportStep, stop: threading.Event) -> None:
        self._steps, self._report, self._stop = steps, report, stop
        self._done = 0

    def begin(self, what: str) -> None:
        if self._stop.is_set():
            raise StoppedError("stopped by a signal")
        self._report(what, min(1.0, self._done / self._steps))
        self._done += 1

    def end(self, what: str, result: str) -> None:
        self._report(f"{what}: {result}", min(1.0, self._done / self._steps))


def run_pipeline_bench(
    settings: Settings, texts: Sequence[str], plan: PipelinePlan, clock: Clock, stop: threading.Event, report: ReportStep
) -> dict[str, Any]:
    """Measure everything; return it as `squall bench pipeline --json` prints it.

    Args:
        settings: model, limits of micro-batches, login of the broker.
        texts: titles of the documents.
        plan: how much.
        clock: times everything.
        stop: ends it early.
        report: told each step.

    Raises:
        ConfigurationError: a server's address or login is wrong.
        SquallError: a turn did not end.
        StoppedError: `stop` was set.
    """
    with _opened(settings, texts, plan, clock, stop) as (bench, scorings):
        steps = _Steps(plan.rounds * 7 + len(scorings) * (1 + len(WAYS) * len(LOADS)), report, stop)
        began_load = os.getloadavg()[0]
        rates, quarters = _rates(bench, scorings, plan, steps)
        found: dict[str, Any] = {
            "machine": {"cores": usable_cores(), "load_at_start": began_load},
            "plan": {"documents": plan.documents, "free_documents": plan.documents * FREE_FACTOR, "rounds": plan.rounds},
            "engine": {"name": scorings[0].engine.model_version, "documents_per_second": rates["engine"]},
            "bounds": {name: rates[name] for name in ("bare consumer", "bare insert")},
            "pipeline": {},
        }
        for scoring in scorings:
            limit = rates["engine"] if scoring.name == REAL else min(rates["bare consumer"], rates["bare insert"])
            steps.begin(f"{scoring.name} scorer: processor time of each stage")
            costs = stage_costs(bench, scoring, plan.documents)
            entry: dict[str, Any] = {"cpu_microseconds": {stage: cost * 1e6 for stage, cost in costs.items()}, "ways": {}}
            for way in WAYS:
                rate = rates[_name(way, scoring)]
                entry["ways"][way] = {
                    "documents_per_second": rate,
                    "share_of_bound": rate / limit if limit else 0.0,
                    "slowest_quarter_share": quarters[_name(way, scoring)],
                    "latency": _latencies(bench, scoring, way, rate, plan, steps),
                }
            found["pipeline"][scoring.name] = entry
        found["memory"] = {"peak_bytes": _peak_bytes(), "now_bytes": psutil.Process().memory_info().rss}
        found["machine"]["load_at_end"] = os.getloadavg()[0]
        return found


def _rates(
    bench: Bench, scorings: Sequence[Scoring], plan: PipelinePlan, steps: _Steps
) -> tuple[dict[str, float], dict[str, float | None]]:
    """Return the medians of documents a second by name, and the slowest quarter of the backlog as a share of the fastest."""
    real, free = scorings
    turns: dict[str, list[float]] = {}
    quarters: dict[str, list[float]] = {}

    def note(name: str, rate: Callable[[], float]) -> None:
        steps.begin(f"{name}, at full speed")
        turns.setdefault(name, []).append(rate())
        steps.end(f"{name}, at full speed", f"{turns[name][-1]:,.0f} documents/s")

    def run(way: str, scoring: Scoring, documents: int) -> float:
        recorder = WAYS[way](bench, scoring, documents, None)
        if parts := recorder.quarters():
            quarters.setdefault(_name(way, scoring), []).append(min(parts) / max(parts))
        return recorder.rate()

    many = plan.documents * FREE_FACTOR
    for _ in range(plan.rounds):
        note("engine", lambda: engine_alone(bench, real, plan.documents))
        for scoring, documents in ((real, plan.documents), (free, many)):
            for way in WAYS:
                note(_name(way, scoring), lambda way=way, scoring=scoring, documents=documents: run(way, scoring, documents))  # type: ignore[misc]
        note("bare consumer", lambda: bare_consumer(bench, many))
        note("bare insert", lambda: bare_insert(bench, free, many))
    shares = {_name(way, scoring): quarters.get(_name(way, scoring)) for scoring in scorings for way in WAYS}
    return {name: median(found) for name, found in turns.items()}, {
        name: median(found) if found else None for name, found in shares.items()
    }


def _latencies(bench: Bench, scoring: Scoring, way: str, fastest: float, plan: PipelinePlan, steps: _Steps) -> dict[str, Any]:
    """Return p50 and p99 from publication to storage, seconds, at each of `LOADS`."""
    found = {}
    for share in LOADS:
        steps.begin(what := f"{_name(way, scoring)}, {share:.0%} of the maximum")
        rate = max(1.0, share * fastest)
        recorder = WAYS[way](bench, scoring, max(10, int(rate * plan.seconds)), rate)
        latency = recorder.latency(WARM_UP if way != "in process" else 0)
        steps.end(what, f"p50 {latency.p50:.2f} s, p99 {latency.p99:.2f} s")
        found[f"{share:.0%}"] = {"documents_per_second": rate, "p50_seconds": latency.p50, "p99_seconds": latency.p99}
    return found


@contextmanager
def _opened(
    settings: Settings, texts: Sequence[str], plan: PipelinePlan, clock: Clock, stop: threading.Event
) -> Iterator[tuple[Bench, list[Scoring]]]:
    """Open broker, store and model; what they hold is removed at the end."""
    run = secrets.token_hex(4)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="squall-bench-")))
        servers = plan.kafka
        if not servers:
            broker = DevelopmentBroker(folder / "broker", 0, clock)
            broker.start()
            stack.callback(broker.stop)
            servers = broker.bootstrap_servers
        kafka = settings.kafka.model_copy(update={"bootstrap_servers": servers})
        settings = settings.model_copy(update={"kafka": kafka, "data_dir": folder})
        database = scratch_database(plan.store, f"squall_bench_{run}") if plan.store else None
        url = stack.enter_context(database) if database else f"chdb://{folder / 'store'}?max_threads=1"
        store = storage.open(url, timeout_seconds=settings.store.timeout_seconds, clock=clock)
        stack.callback(store.close)
        store.schema.migrate()
        engine = stack.enter_context(ScoringEngine.open(settings.model))
        engine.warm_up()
        logging.getLogger("squall.worker").setLevel(logging.WARNING)  # each turn joins and leaves a group
        scorings = [Scoring(REAL, engine, open_linker(settings.entities)), Scoring(FREE, FreeScorer(), None)]
        yield Bench(settings, store, texts, run, clock, stop), scorings


def _name(way: str, scoring: Scoring) -> str:
    return f"{way}, {scoring.name} scorer"


def _peak_bytes() -> int:
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
