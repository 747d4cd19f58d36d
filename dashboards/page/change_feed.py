"""What has changed in the store since the last poll, for the event stream. Only the store's own clock decides what is new."""

from __future__ import annotations

import re
import secrets
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from squall.core.clock import Clock
from squall.dashboards.page.health_reader import HealthReader
from squall.dashboards.page.response_cache import ResponseCache
from squall.dashboards.page.schemas.documents import DocumentView, document_views
from squall.dashboards.page.schemas.events import DocumentsEvent
from squall.dashboards.page.schemas.health import HealthView
from squall.storage import Store
from squall.storage.rows.documents import Arrivals

MAX_DOCUMENTS: Final = 100
MAX_RESUME: Final = timedelta(minutes=5)
"""How far back a client can resume."""
OVERLAP: Final = timedelta(seconds=5)
"""A row may become visible this long after the storage time that it carries."""
_MAX_IDS: Final = 20_000
_TTL_SECONDS: Final = 0.5
"""Less than the interval between polls, so that every poll queries the store unless the store is slow."""
_CURSOR = re.compile(r"(\d{1,14})-(\d{1,14})-([0-9a-f]{8})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in the stream; as text it is opaque to clients.

    Args:
        at: the store's time.
        sequence: number of document events so far.
        feed: which feed counted them.
    """

    at: datetime
    sequence: int
    feed: str

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(milliseconds=1)}-{self.sequence}-{self.feed}"

    @staticmethod
    def parse(text: str) -> Cursor | None:
        """Parse what `str` produced; None if it is not a cursor."""
        found = _CURSOR.fullmatch(text)
        return Cursor(_EPOCH + timedelta(milliseconds=int(found[1])), int(found[2]), found[3]) if found else None


@dataclass(frozen=True, slots=True)
class Changes:
    """What one poll found.

    Args:
        documents: stored since the previous poll; None if there are none.
        alerts: whether alerts, acknowledgements or silences changed.
        health: None if it was not requested.
        expired: whether cached responses from before the last change, or the last greeting, have expired since the previous poll.
    """

    documents: DocumentsEvent | None
    alerts: bool
    health: HealthView | None
    expired: bool


class ChangeFeed:
    """Polls the store; not thread-safe.

    Every stored document is reported once. Rows can become visible late, so each poll reads the last seconds again and leaves out the ids
    that it has reported.
    """

    def __init__(self, store: Store, cache: ResponseCache, clock: Clock, health: HealthReader) -> None:
        self._store = store
        self._cache = cache
        self._clock = clock
        self._health = health
        self._name = secrets.token_hex(4)
        self._at: datetime | None = None
        self._paused = True
        self._sequence = 0
        self._reported: dict[str, datetime] = {}
        self._sizes: deque[tuple[int, datetime, int]] = deque()
        self._recent: deque[tuple[int, DocumentView]] = deque(maxlen=MAX_DOCUMENTS)
        self._alerts_state: Hashable = None
        self._changed_at = float("-inf")
        self._outdated = 0

    @property
    def cursor(self) -> str:
        """The current position; empty before the first poll."""
        return str(Cursor(self._at, self._sequence, self._name)) if self._at else ""

    def pause(self) -> None:
        """Stop following: the next poll reaches no further back than a client can resume."""
        self._paused = True

    def poll(self, *, with_health: bool, greeting: bool = False) -> Changes:
        """Return what is new. The first poll returns nothing: the stream starts there.

        Args:
            greeting: a page has come that may have loaded cached responses.

        Raises:
            SquallError: the store does not answer; nothing is lost, the next poll returns it.
        """
        documents = self._poll_documents()
        state, before = (
            self._cache.get("alerts state", lambda: self._store.alerts.revision(self._clock.now()), _TTL_SECONDS),
            self._alerts_state,
        )
        self._alerts_state = state
        health = self._cache.get("health", self._health.read) if with_health else None
        alerts = before is not None and state != before
        return Changes(documents, alerts, health, self._expired(changed=bool(documents) or alerts or greeting))

    def _expired(self, *, changed: bool) -> bool:
        if changed:
            self._changed_at = self._clock.monotonic()
        before = self._outdated
        self._outdated = self._cache.outdated(self._changed_at) if changed or before else 0
        return not changed and self._outdated < before

    def missed_since(self, cursor: Cursor) -> DocumentsEvent | None:
        """Return what was reported after `cursor`, at most the last five minutes; None if there is nothing. Call it after a poll.

        A cursor of another feed (another process, or this one before a restart) carries only a time: documents stored in the seconds
        before it may be repeated.

        Raises:
            SquallError: the store does not answer.
        """
        assert self._at is not None, "poll first"
        if cursor.feed != self._name or cursor.sequence > self._sequence:
            return self._stored_since(cursor.at)
        missed = {sequence: size for sequence, _, size in self._sizes if sequence > cursor.sequence}
        documents = [document for sequence, document in self._recent if sequence in missed]
        return _event(documents, sum(missed.values())) if missed else None

    def _poll_documents(self) -> DocumentsEvent | None:
        since = self._start()
        arrivals = self._cache.get("arrivals", lambda: self._store.arrivals.since(since - OVERLAP, limit=_MAX_IDS), _TTL_SECONDS)
        if self._at is not None and arrivals.now < self._at - OVERLAP:  # the store's clock was set back: follow from there
            self._advance(arrivals)
            return None
        if self._at is not None and arrivals.now <= self._at:  # the cached result of the previous poll
            return None
        new = [key for key, _ in arrivals.stored if key not in self._reported] if self._at else []
        documents = self._documents(new, since - OVERLAP)
        self._advance(arrivals)
        if not new:
            return None
        self._sequence += 1
        size = len(new) + arrivals.total - len(arrivals.stored)
        self._sizes.append((self._sequence, arrivals.now, size))
        while self._sizes[0][1] < arrivals.now - MAX_RESUME:
            self._sizes.popleft()
        self._recent.extend((self._sequence, document) for document in reversed(documents))  # the oldest are evicted first
        return _event(documents, size)

    def _start(self) -> datetime:
        if self._at is not None and not self._paused:
            return self._at
        now = self._store.arrivals.now()
        return max(self._at or now, now - MAX_RESUME)

    def _advance(self, arrivals: Arrivals) -> None:
        self._at = arrivals.now
        self._paused = False
        oldest = arrivals.now - OVERLAP
        self._reported = {key: at for key, at in {**self._reported, **dict(arrivals.stored)}.items() if at > oldest}

    def _stored_since(self, time: datetime) -> DocumentsEvent | None:
        assert self._at is not None
        since = max(time - OVERLAP, self._at - MAX_RESUME)
        arrivals = self._store.arrivals.since(since, limit=_MAX_IDS)
        reported = [key for key, at in arrivals.stored if key in self._reported or at <= self._at - OVERLAP]  # the next poll has the others
        return _event(self._documents(reported, since), len(reported)) if reported else None

    def _documents(self, ids: list[str], since: datetime) -> list[DocumentView]:
        rows = self._store.arrivals.documents(ids[:MAX_DOCUMENTS], since)
        return document_views(rows, self._store.mentions.of(rows), self._store.stories.of(rows))


def _event(documents: list[DocumentView], size: int) -> DocumentsEvent:
    newest = sorted(documents, key=lambda row: (row.published_at, row.id), reverse=True)
    return DocumentsEvent(documents=newest, skipped=max(size - len(newest), 0))
