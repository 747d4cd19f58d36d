"""The benchmark of `squall bench store`: what a day of documents costs to insert, takes on disk, and how fast it is searched."""

from __future__ import annotations

import os
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

import psutil

from squall import storage
from squall.app.bench.pipeline import ReportStep
from squall.core.clock import Clock
from squall.core.cpus import usable_cores
from squall.core.errors import ConfigurationError, StoppedError
from squall.core.records import SENTIMENTS, TOPICS, Document, EntityKind, Kind, Mention, ScoredDocument
from squall.core.text import document_id
from squall.dashboards.page.routes.overview import read_overview
from squall.storage import Store
from squall.storage.schema.tables.documents import DOCUMENTS
from squall.storage.schema.tables.mentions import MENTIONS
from squall.storage.scratch import scratch_database

BLOCK: Final = 2048
"""Rows of an insert."""
DAY: Final = timedelta(days=1)
_NAMES: Final = 2000
_COPY_SHARE: Final = 0.1
_SHARES: Final = {"frequent": 0.05, "occasional": 0.001}
"""Of the texts, that have the word."""
_ROUNDS: Final = 5
_MODEL: Final = "bench"


@dataclass(frozen=True)
class StorePlan:
    """What is stored.

    Args:
        documents: of one day.
        sentences: headlines in the body of each.
        seed: of the choice of headlines, names and scores.
        store: URL of a ClickHouse server; empty: an embedded store.
    """

    documents: int = 200_000
    sentences: int = 8
    seed: int = 1
    store: str = ""


def run_store_bench(texts: Sequence[str], plan: StorePlan, clock: Clock, stop: threading.Event, report: ReportStep) -> dict[str, Any]:
    """Measure everything; return it as `squall bench store --json` prints it.

    Args:
        texts: titles of the documents, and sentences of their bodies.
        plan: how much.
        clock: times everything; the day ends now.
        stop: ends it early.
        report: told each step.

    Raises:
        ConfigurationError: fewer than 100 texts, or the server's address is wrong.
        StoppedError: `stop` was set.
    """
    if len(texts) < 100:
        raise ConfigurationError(f"{len(texts)} texts are too few", "give at least 100 in --texts")
    with _opened(plan, clock) as store:
        rows = DocumentsOfADay(texts, plan, clock.now())
        found: dict[str, Any] = {
            "machine": {"cores": usable_cores(), "load_at_start": os.getloadavg()[0], "clickhouse": store.ping()},
            "plan": {"documents": plan.documents, "sentences": plan.sentences, "seed": plan.seed},
            "insert": _insert(store, rows, plan, clock, stop, report),
        }
        report("counts by minute and hour", 0.8)
        began = clock.monotonic()
        store.rollups.update(lambda: not stop.is_set())
        found["rollups_seconds"] = clock.monotonic() - began
        report("merging", 0.9)
        for table in (DOCUMENTS, MENTIONS):
            store.schema.merge(table)
        found["disk"] = _disk(store, plan.documents)
        questions = {"overview": lambda: read_overview(store)} | {
            f"search, {kind}": (lambda word=word: store.documents.search(words=[word], limit=50)) for kind, word in rows.words().items()
        }
        found["milliseconds"] = {name: _milliseconds(ask, clock, stop) for name, ask in questions.items()}
        found["machine"]["load_at_end"] = os.getloadavg()[0]
        return found


class DocumentsOfADay:
    """Makes scored documents of the day that ends at `end`, oldest first; the same for the same plan.

    Args:
        texts: titles, and sentences of bodies.
        plan: how many, and how long.
        end: of the day.
    """

    def __init__(self, texts: Sequence[str], plan: StorePlan, end: datetime) -> None:
        self._texts = texts
        self._plan = plan
        self._end = end

    def blocks(self) -> Iterator[list[ScoredDocument]]:
        """Yield the documents in blocks of 2,048."""
        random = Random(self._plan.seed)  # noqa: S311  not for secrets
        gap = DAY / self._plan.documents
        for first in range(0, self._plan.documents, BLOCK):
            last = min(first + BLOCK, self._plan.documents)
            yield [self._make(number, self._end - DAY + number * gap, random) for number in range(first, last)]

    def _make(self, number: int, at: datetime, random: Random) -> ScoredDocument:
        title, *sentences = (self._texts[int(random.random() * len(self._texts))] for _ in range(1 + self._plan.sentences))
        copied = int(number * random.random()) if random.random() < _COPY_SHARE else number
        document = Document(
            id=document_id("bench", f"{self._plan.seed}.{number}"),
            kind=Kind.NEWS,
            source=f"source-{int(random.random() * 20)}",
            url=f"https://news.example/{number}",
            title=title,
            text=". ".join(sentences),
            language="en",
            published_at=at,
            collected_at=at + timedelta(seconds=1),
        )
        sentiment = SENTIMENTS[int(random.random() * len(SENTIMENTS))]
        p = dict.fromkeys(SENTIMENTS, 0.1) | {sentiment: 0.8}
        scores: dict[str, Any] = {f"p_{name}": value for name, value in p.items()}
        return ScoredDocument(
            document=document,
            topic=TOPICS[int(random.random() ** 2 * len(TOPICS))],
            topic_probability=0.9,
            fingerprint=2**40 + copied,
            model_version=_MODEL,
            scored_at=at + timedelta(seconds=2),
            catalogue_version=_MODEL,
            mentions=tuple(_mention(place, random, scores) for place in range(int(random.random() * 4))),
            **scores,
        )

    def words(self) -> dict[str, str]:
        """Return a word that 5%, one that 0.1%, one that a few and one that none of the documents have, about."""
        words = (word for text in self._texts for word in set(text.lower().split()))
        counted = Counter(word for word in words if len(word) > 4 and word.isascii() and word.isalpha())
        ranked = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
        headlines = 1 + self._plan.sentences
        chosen = {
            kind: min(ranked, key=lambda pair, share=share: abs(pair[1] * headlines / len(self._texts) - share))[0]  # type: ignore[misc]
            for kind, share in _SHARES.items()
        }
        return {**chosen, "rare": ranked[-1][0], "absent": "qwertzuiop"}


def _mention(place: int, random: Random, scores: dict[str, Any]) -> Mention:
    name = f"Company {int(random.random() ** 2 * _NAMES)}"
    start = 20 * place
    return Mention(
        entity=f"company:{name.lower().replace(' ', '-')}.{place}",
        kind=EntityKind.COMPANY,
        name=name,
        symbols=(),
        start=start,
        end=start + len(name),
        first=True,
        relevance=0.5,
        **scores,
    )


def _insert(
    store: Store, rows: DocumentsOfADay, plan: StorePlan, clock: Clock, stop: threading.Event, report: ReportStep
) -> dict[str, float]:
    seconds = processor = 0.0
    done = 0
    process = psutil.Process()
    for block in rows.blocks():
        if stop.is_set():
            raise StoppedError("stopped by a signal")
        began, used = clock.monotonic(), sum(process.cpu_times()[:2])
        store.documents.insert(block, token=f"{plan.seed}.{done}")
        seconds += clock.monotonic() - began
        processor += sum(process.cpu_times()[:2]) - used
        done += len(block)
        report(f"inserting, {done:,} of {plan.documents:,} documents", 0.8 * done / plan.documents)
    return {"documents_per_second": done / seconds, "cpu_microseconds": processor / done * 1e6}


def _disk(store: Store, documents: int) -> dict[str, Any]:
    """Return bytes by table, of a million documents, and of the indexes among them."""
    million = 1e6 / documents
    sizes = store.schema.sizes()
    tables = {name: {"bytes": size.bytes * million, "index_bytes": size.index_bytes * million} for name, size in sizes.items()}
    return {"bytes_per_million_documents": sum(size.bytes for size in sizes.values()) * million, "tables_per_million_documents": tables}


def _milliseconds(ask: Callable[[], object], clock: Clock, stop: threading.Event) -> dict[str, float]:
    taken = []
    for _ in range(_ROUNDS):
        if stop.is_set():
            raise StoppedError("stopped by a signal")
        began = clock.monotonic()
        ask()
        taken.append(1000 * (clock.monotonic() - began))
    return {"first": taken[0], "median": median(taken), "fastest": min(taken)}


@contextmanager
def _opened(plan: StorePlan, clock: Clock) -> Iterator[Store]:
    with ExitStack() as stack:
        if plan.store:
            url = stack.enter_context(scratch_database(plan.store, f"squall_bench_store_{plan.seed}"))
        else:
            url = f"chdb://{Path(stack.enter_context(tempfile.TemporaryDirectory(prefix='squall-bench-'))) / 'store'}"
        store = storage.open(url, clock=clock)
        stack.callback(store.close)
        store.schema.migrate()
        yield store
