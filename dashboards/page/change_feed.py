"""What happened in the store since the last look, for the stream of events. No clock of its own decides: the store's does."""

from __future__ import annotations

import re
import secrets
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from squall.core.clock import Clock
from squall.dashboards.page.routes.documents import views
from squall.dashboards.page.routes.health import HealthDesk
from squall.dashboards.page.schemas.documents import DocumentView
from squall.dashboards.page.schemas.health import DocumentsEvent, HealthView
from squall.dashboards.page.shared_answers import SharedAnswers
from squall.storage import Store
from squall.storage.rows.live import Arrivals

MAX_DOCUMENTS: Final = 100
MAX_BACK: Final = timedelta(minutes=5)
"""Nobody resumes further back."""
OVERLAP: Final = timedelta(seconds=5)
"""A row may become visible so long after the time of storing that it carries."""
_MAX_IDS: Final = 20_000
_FRESH_SECONDS: Final = 0.5
"""Less than between two looks, so that each one asks unless the store is slow."""
_CURSOR = re.compile(r"(\d{1,14})-(\d{1,14})-([0-9a-f]{8})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the stream: which reader, how many events it had told, and the store's time; as text it is opaque to clients."""

    at: datetime
    told: int
    reader: str

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // timedelta(milliseconds=1)}-{self.told}-{self.reader}"

    @staticmethod
    def parse(text: str) -> Cursor | None:
        """Read what `str` wrote; None when it is nothing of the kind."""
        found = _CURSOR.fullmatch(text)
        return Cursor(_EPOCH + timedelta(milliseconds=int(found[1])), int(found[2]), found[3]) if found else None


@dataclass(frozen=True, slots=True)
class News:
    """What one look found.

    Args:
        documents: stored since the look before, None when nothing was.
        desk: alerts, acknowledgements or silences changed.
        health: None when it was not asked for.
    """

    documents: DocumentsEvent | None
    desk: bool
    health: HealthView | None


class NewsReader:
    """Looks at the store, one look after another; not thread-safe.

    A document is told once per storing: the last seconds are read again, because rows become visible late, and what was told of them is
    remembered.
    """

    def __init__(self, store: Store, answers: SharedAnswers, clock: Clock, health: HealthDesk) -> None:
        self._store = store
        self._answers = answers
        self._clock = clock
        self._health = health
        self._name = secrets.token_hex(4)
        self._at: datetime | None = None
        self._paused = True
        self._told = 0
        self._seen: dict[str, datetime] = {}
        self._sizes: deque[tuple[int, datetime, int]] = deque()
        self._kept: deque[tuple[int, DocumentView]] = deque(maxlen=MAX_DOCUMENTS)
        self._desk: Hashable = None

    @property
    def cursor(self) -> str:
        """The present place, empty before the first look."""
        return str(Cursor(self._at, self._told, self._name)) if self._at else ""

    def pause(self) -> None:
        """Say that nobody listens for a while: the next look does not reach further back than anybody may resume."""
        self._paused = True

    def look(self, *, with_health: bool) -> News:
        """Return what is new; the first look finds nothing, for it is where the stream begins.

        Raises:
            SquallError: the store does not answer; nothing is lost, the next look finds it.
        """
        documents = self._look_for_documents()
        desk, before = self._answers.get("desk", lambda: self._store.desk_state(self._clock.now()), _FRESH_SECONDS), self._desk
        self._desk = desk
        health = self._answers.get("health", self._health.read) if with_health else None
        return News(documents, before is not None and desk != before, health)

    def resume(self, cursor: Cursor) -> DocumentsEvent | None:
        """Return what was told after `cursor`, None when nothing was; at most five minutes of it. To be asked after a look.

        A cursor of another reader (another process, or this one before it was started again) knows the time only: what was stored in the
        seconds before it may be told twice.

        Raises:
            SquallError: the store does not answer.
        """
        assert self._at is not None, "look first"
        if cursor.reader != self._name or cursor.told > self._told:
            return self._since(cursor.at)
        missed = {told: size for told, _, size in self._sizes if told > cursor.told}
        documents = [document for told, document in self._kept if told in missed]
        return _event(documents, sum(missed.values())) if missed else None

    def _look_for_documents(self) -> DocumentsEvent | None:
        since = self._start()
        arrivals = self._answers.get("arrivals", lambda: self._store.arrivals(since - OVERLAP, limit=_MAX_IDS), _FRESH_SECONDS)
        if self._at is not None and arrivals.now <= self._at:  # the answer of the look before, still good
            return None
        new = [key for key, _ in arrivals.stored if key not in self._seen] if self._at else []
        documents = views(self._store.arrived(new[:MAX_DOCUMENTS], since - OVERLAP))
        self._remember(arrivals)
        if not new:
            return None
        self._told += 1
        size = len(new) + arrivals.total - len(arrivals.stored)
        self._sizes.append((self._told, arrivals.now, size))
        while self._sizes[0][1] < arrivals.now - MAX_BACK:
            self._sizes.popleft()
        self._kept.extend((self._told, document) for document in reversed(documents))  # of too many the oldest go first
        return _event(documents, size)

    def _start(self) -> datetime:
        if self._at is not None and not self._paused:
            return self._at
        now = self._store.now()
        return max(self._at or now, now - MAX_BACK)

    def _remember(self, arrivals: Arrivals) -> None:
        """Move on to the moment of `arrivals`."""
        self._at = arrivals.now
        self._paused = False
        oldest = arrivals.now - OVERLAP
        self._seen = {key: at for key, at in {**self._seen, **dict(arrivals.stored)}.items() if at > oldest}

    def _since(self, moment: datetime) -> DocumentsEvent | None:
        assert self._at is not None
        since = max(moment - OVERLAP, self._at - MAX_BACK)
        arrivals = self._store.arrivals(since, limit=_MAX_IDS)
        told = [key for key, at in arrivals.stored if key in self._seen or at <= self._at - OVERLAP]  # the others come with the next look
        return _event(views(self._store.arrived(told[:MAX_DOCUMENTS], since)), len(told)) if told else None


def _event(documents: list[DocumentView], size: int) -> DocumentsEvent:
    newest = sorted(documents, key=lambda row: (row.published_at, row.id), reverse=True)
    return DocumentsEvent(documents=newest, skipped=max(size - len(newest), 0))
