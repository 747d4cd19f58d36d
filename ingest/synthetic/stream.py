"""The demo's bundled stream: three days of invented news and posts, the same bytes for the same seed.

`schedule` decides when which topic comes up, `writer` writes texts and copies (`grammar`, `phrases`, `copies`), this module
turns them into documents and redeliveries, and `faults` adds malformed ones. Nothing here reads a clock.
"""

from __future__ import annotations

import gzip
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import orjson
import xxhash

from squall.ingest.synthetic import schedule
from squall.ingest.synthetic.drafts import Draft
from squall.ingest.synthetic.faults import FAULTS, malformed, odd
from squall.ingest.synthetic.writer import Writer

START = datetime(2025, 3, 3, tzinfo=UTC)
"""A Monday."""
DAYS = 3
CRISIS_TOPICS = (
    "Stock Movement",
    "Financials",
    "Markets",
    "Analyst Update",
    "Treasuries | Corporate Debt",
    "Company | Product News",
    "General News | Opinion",
    "Legal | Regulation",
)
"""The topics that the shipped model gives the crisis, the most frequent first; an alert on one of them in its time has found it."""
SURGE_TOPICS = ("Company | Product News",)

_REDELIVERED = 0.028
_LONGEST_REDELIVERY = timedelta(minutes=20)
_ODD = 0.012
_MALFORMED = 2 * FAULTS

Expected = Literal["document", "redelivery", "malformed"]


@dataclass(frozen=True, slots=True)
class SyntheticRecord:
    """One line as a provider would send it, with what the script expects of it."""

    line: bytes
    """JSON without a newline, perhaps broken."""
    sent_at: datetime
    """When it arrives; records come in this order."""
    published_at: datetime
    """Its own time, which a redelivery keeps; `sent_at` for malformed ones."""
    expected: Expected
    reason: str
    """The reason code of the rejection; empty unless malformed."""
    id: str
    """The provider's id; copies of a story have ids of their own, redeliveries don't."""
    story: int
    """Group of copies."""
    part: str
    """`ordinary`, `noise`, `crisis` or `surge`."""
    intended_topic: str
    """Empty for noise."""
    intended_sentiment: str


@dataclass(frozen=True, slots=True)
class Event:
    """A scripted stretch of time."""

    name: str
    start: datetime
    end: datetime
    topics: tuple[str, ...]
    documents: int
    """Distinct documents, copies included."""


@dataclass(frozen=True, slots=True)
class StreamScript:
    """The counts and alerts that a run over the stream must give."""

    seed: int
    start: datetime
    end: datetime
    lines: int
    documents: int
    redeliveries: int
    malformed: int
    rejections: dict[str, int]
    """Malformed lines by reason code."""
    crisis: Event
    """An alert must fire between its start and end on one of its topics."""
    surge: Event
    """No alert may fire on its topics between its start and end."""


def generate(seed: int = 7, start: datetime = START, days: int = DAYS) -> Iterator[SyntheticRecord]:
    """Yield the stream in order of `sent_at`.

    Args:
        seed: the same seed gives the same bytes.
        start: midnight UTC at which it begins; the crisis is on the third day, the surge on the second.
        days: how long it is; parts of the script beyond it are left out.
    """
    end = start + timedelta(days=days)
    drafts = [draft for draft in Writer(seed, start, days).drafts() if draft.at < end]
    drafts.sort(key=lambda draft: (draft.at, draft.story))
    documents = list(_documents(seed, drafts))
    rng = random.Random(f"{seed}:faults")  # noqa: S311 - keeps no secret
    everything = [*documents, *_redeliveries(rng, documents, end), *_malformed(rng, documents)]
    everything.sort(key=lambda record: record.sent_at)
    yield from everything


def write_stream(path: Path, seed: int = 7, start: datetime = START, days: int = DAYS) -> StreamScript:
    """Write the stream as JSONL (gzipped when `path` ends in `.gz`) and its script next to it; return the script.

    The bytes depend on the arguments alone. The script's file is `script_path(path)`.
    """
    records = list(generate(seed, start, days))
    payload = b"".join(record.line + b"\n" for record in records)
    if path.suffix == ".gz":
        payload = gzip.compress(payload, compresslevel=6, mtime=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(payload)
    script = describe(records, seed, start, days)
    script_path(path).write_bytes(orjson.dumps(asdict(script), option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z) + b"\n")
    return script


def script_path(path: Path) -> Path:
    """Return the path of the script of the stream at `path`."""
    return path.with_name(path.name.removesuffix(".gz").removesuffix(".jsonl") + ".script.json")


def describe(records: Iterable[SyntheticRecord], seed: int, start: datetime = START, days: int = DAYS) -> StreamScript:
    """Return the script of `records`, which `generate` made with the same arguments."""
    records = list(records)
    kinds = Counter(record.expected for record in records)
    counts = Counter(record.part for record in records if record.expected == "document")
    crisis, surge = schedule.crisis(start), schedule.surge(start)
    return StreamScript(
        seed=seed,
        start=start,
        end=start + timedelta(days=days),
        lines=len(records),
        documents=kinds["document"],
        redeliveries=kinds["redelivery"],
        malformed=kinds["malformed"],
        rejections=dict(sorted(Counter(record.reason for record in records if record.reason).items())),
        crisis=Event("Harbor Union Bank", crisis.start, crisis.end, CRISIS_TOPICS, counts["crisis"]),
        surge=Event("Corvanta Expo", surge.start, surge.end, SURGE_TOPICS, counts["surge"]),
    )


def _documents(seed: int, drafts: Sequence[Draft]) -> Iterator[SyntheticRecord]:
    rng = random.Random(f"{seed}:odd")  # noqa: S311 - keeps no secret
    for number, draft in enumerate(drafts):
        native = f"{draft.code}-{xxhash.xxh64_hexdigest(f'{seed}:{number}'.encode())}"
        fields = _fields(draft, native)
        if rng.random() < _ODD:
            fields = odd(rng, fields, draft.at)
        yield SyntheticRecord(
            line=orjson.dumps(fields),
            sent_at=draft.at,
            published_at=draft.at,
            expected="document",
            reason="",
            id=native,
            story=draft.story,
            part=draft.part,
            intended_topic=draft.topic,
            intended_sentiment=draft.sentiment,
        )


def _fields(draft: Draft, native: str) -> dict[str, Any]:
    return {
        "id": native,
        "kind": draft.kind,
        "source": draft.source,
        "author": draft.author,
        "url": draft.url.format(id=native),
        "title": draft.title,
        "text": draft.text,
        "language": draft.language,
        "symbols": list(draft.symbols),
        "published_at": draft.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _redeliveries(rng: random.Random, documents: Sequence[SyntheticRecord], end: datetime) -> Iterator[SyntheticRecord]:
    """The same line once more, seconds to minutes later: what a provider sends after a lost acknowledgement."""
    for record in documents:
        if rng.random() < _REDELIVERED:
            again = record.sent_at + rng.random() ** 3 * _LONGEST_REDELIVERY
            if again < end:
                yield replace(record, sent_at=again, expected="redelivery")


def _malformed(rng: random.Random, documents: Sequence[SyntheticRecord]) -> Iterator[SyntheticRecord]:
    plain = [record for record in documents if record.part == "ordinary"]
    for fault, record in enumerate(rng.sample(plain, min(_MALFORMED, len(plain)))):
        # an id of its own, or the spoiled record could pass for a redelivery
        fields = orjson.loads(record.line) | {"id": f"bad-{record.id}", "published_at": f"{record.sent_at:%Y-%m-%dT%H:%M:%SZ}"}
        line, reason = malformed(fields, fault)
        at = record.sent_at + timedelta(seconds=rng.random())
        yield replace(record, line=line, sent_at=at, published_at=at, expected="malformed", reason=reason, id=fields["id"], story=-1)
