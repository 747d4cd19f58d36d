"""What was said of one name: the last day and a half document by document, the weeks before as counts.

The counts are of documents as they are stored, retellings too, by half days, so that they can be read from the store as well. What a
history holds depends on the documents alone and not on the order in which they came.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from squall.core.gravity.levels import LEVELS
from squall.stories.headline import read_headline

BUCKET_MINUTES: Final = 720
"""Length of the spans in which the past is counted; they begin at multiples of it."""
RECENT_MINUTES: Final = 2160
"""A document is compared with those so long before it, to tell whether it says anything new."""
KEPT_MINUTES: Final = RECENT_MINUTES + 1440
"""Documents are kept so much longer than they are compared as one may come late (`detector.grace_minutes` at most)."""
MOST_RECENT: Final = 150
"""Of more documents about one name in that time the last ones are kept."""


@dataclass(slots=True)
class Title:
    """The headline of a document, shared by whomever it is about; its terms are read when first needed."""

    text: str
    _terms: frozenset[str] | None = None

    @property
    def terms(self) -> frozenset[str]:
        """The words and numbers that headlines are compared by."""
        if self._terms is None:
            self._terms = frozenset(read_headline(self.text).terms)
        return self._terms


@dataclass(slots=True)
class Said:
    """What one document says of the name.

    Args:
        published_ms: when it was published, milliseconds since the epoch.
        document: its id.
        title: its headline.
        severity: in [0, 1]; 0 where the model does not say.
        p_negative: of the tone towards the name.
        events: what happened.
        level: see `squall.core.gravity.levels`.
        novelty: 1 − the likeness to what was said before, in [0, 1]; 1 for a document that is not adverse, which is not compared.
    """

    published_ms: int
    document: str
    title: Title
    severity: float
    p_negative: float
    events: tuple[str, ...]
    level: int
    novelty: float = 1.0

    @property
    def minute(self) -> int:
        """Of its publication, since the epoch."""
        return self.published_ms // 60_000


class NameHistory:
    """The past of one name; memory is bounded by `MOST_RECENT` and the days kept."""

    __slots__ = ("_buckets", "_past", "_past_until", "recent")

    def __init__(self) -> None:
        self._buckets: dict[int, list[int]] = {}
        self._past: Sequence[int] = ()
        self._past_until = -1
        self.recent: deque[Said] = deque(maxlen=MOST_RECENT)

    def add(self, said: Said) -> None:
        """Add a document; an adverse one learns how new it is. One that comes late takes its place, and those after it learn that anew."""
        self.count(said.minute, [int(level <= said.level) for level in range(LEVELS)])
        after: list[Said] = []
        while self.recent and _place(self.recent[-1]) > _place(said):
            after.append(self.recent.pop())
        self._append(said)
        while after:
            self._append(after.pop())

    def _append(self, said: Said) -> None:
        self.forget_before(said.minute - KEPT_MINUTES)
        if said.level:
            said.novelty = self._novelty(said.title.terms, said.minute - RECENT_MINUTES)
        self.recent.append(said)

    def forget_before(self, minute: int) -> None:
        """Drop the documents of before `minute`; they stay counted."""
        while self.recent and self.recent[0].minute < minute:
            self.recent.popleft()

    def _novelty(self, terms: frozenset[str], first: int) -> float:
        """Return how new a headline of these terms is: 1 − the largest likeness to one of before, from the minute `first` on.

        Likeness is the mean of the Jaccard similarity and of containment, what is in common of the shorter one: a headline that only adds
        words to an earlier one says little that is new.
        """
        most = 0.0
        for said in reversed(self.recent):
            if said.minute < first:
                break
            other = said.title.terms
            common = len(terms & other)
            if common:
                size, other_size = len(terms), len(other)
                most = max(most, 0.5 * common / min(size, other_size) + 0.5 * common / (size + other_size - common))
        return 1.0 - most

    def count(self, minute: int, documents: Sequence[int]) -> None:
        """Add documents of the half day of `minute`, by level."""
        bucket = minute // BUCKET_MINUTES
        if bucket < self._past_until:
            self._past_until = -1
        held = self._buckets.setdefault(bucket, [0] * LEVELS)
        for level, number in enumerate(documents):
            held[level] += number

    def past(self, minute: int, days: int) -> Sequence[int]:
        """Return the documents, by level, of `days` up to half a day before the half day of `minute`; older ones are forgotten."""
        until = minute // BUCKET_MINUTES - 1
        if until != self._past_until:
            first = until - days * 1440 // BUCKET_MINUTES
            self._buckets = {bucket: documents for bucket, documents in self._buckets.items() if bucket >= first}
            before = [documents for bucket, documents in self._buckets.items() if bucket < until]
            self._past = [sum(level) for level in zip(*before, strict=True)] or [0] * LEVELS
            self._past_until = until
        return self._past

    @property
    def last_minute(self) -> int:
        """When anything was said last, to half a day; 0: never."""
        return (max(self._buckets) + 1) * BUCKET_MINUTES if self._buckets else 0


def _place(said: Said) -> tuple[int, str]:
    return said.published_ms, said.document
