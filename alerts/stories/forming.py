"""Puts settled documents into stories, in bounded steps between the runs of the detector.

What is stored is the truth: the index is made again from the rows of the last days whenever this process can't be sure that it wrote
the last one, after a start, a lost lease or a failed write. So a document is added once, and a rerun writes the same rows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from squall.alerts.lease import Lease
from squall.alerts.stories.rows import incoming, remembered, row_of
from squall.core.clock import Clock
from squall.core.config.settings import DetectorSettings
from squall.core.errors import StoreError
from squall.core.observability.metrics import Metrics
from squall.storage import Store
from squall.storage.rows.stories import PendingDocument, StoryMemberRow, StoryPosition
from squall.stories import StoryIndex
from squall.stories.story_index import KEPT

log = logging.getLogger(__name__)

SHARE: Final = 0.2
"""Most of the time between two runs that a backlog takes."""
TOP_UP_SECONDS: Final = 1.0
"""Longest that a run waits for the stories of what it is about to evaluate."""
_BATCH: Final = 1000
"""Documents that are read, and rows that are written, at once."""
_ROWS: Final = 10_000
"""Rows that are read at once when an index is made again."""
_OVERLAP: Final = timedelta(minutes=5)
"""A document says when it was stored before it can be read; longer than an insert may take."""


class StoryForming:
    """Keeps stories up to the watermark. Only the holder of the detector's lease may call it.

    Documents are added in the order of publication time and id; one that is stored later than others that follow it is added when it is
    seen, if it is not older than the index remembers.

    Args:
        store: read and written.
        settings: whether stories are formed, and how often.
        lease: held by whoever calls.
        clock: measures the time that is spent.
        metrics: of the process.
    """

    def __init__(self, store: Store, settings: DetectorSettings, lease: Lease, clock: Clock, metrics: Metrics) -> None:
        self._store = store
        self._settings = settings
        self._lease = lease
        self._clock = clock
        self._metrics = metrics
        self._index: StoryIndex | None = None
        self._term = 0
        self._last: StoryPosition | None = None
        self._late_since: datetime | None = None

    def top_up(self, until: datetime, should_continue: Callable[[], bool], *, always: bool) -> None:
        """Add what was published before `until`, before a run evaluates up to there; arguments as of `catch_up`.

        A run that others follow waits `TOP_UP_SECONDS` at most, and not at all if the index has to be made first; another one adds
        everything, so that it says the same of an alert whenever it comes. An error of the store is left to `catch_up`: alerts don't wait.
        """
        try:
            if always:
                self.catch_up(until, should_continue, always=True)
            elif self._settings.stories and self._index is not None and self._lease.term == self._term:
                self._add_until(until, should_continue, self._clock.monotonic() + TOP_UP_SECONDS)
        except StoreError as error:
            log.warning("stories are not up to date: %s", error)

    def catch_up(self, until: datetime | None, should_continue: Callable[[], bool], *, always: bool) -> None:
        """Add what was published before `until`, a batch at least; what is left is added by later calls.

        Args:
            until: event time up to which documents are complete; None: not known yet.
            should_continue: asked between two batches.
            always: go on until nothing is left, for a run after which no other comes; else for `SHARE` of the interval between runs.

        Raises:
            UnavailableError: the store can't be reached.
        """
        if not self._settings.stories or until is None:
            return
        deadline = float("inf") if always else self._clock.monotonic() + SHARE * self._settings.interval_seconds
        if self._index is None or self._lease.term != self._term:  # in a new term another process may have added documents
            self._term = self._lease.term
            self._index = self._restored(should_continue)
        if self._index is not None:
            self._add_until(until, should_continue, deadline)

    def _add_until(self, until: datetime, should_continue: Callable[[], bool], deadline: float) -> None:
        try:
            while batch := self._next(until):
                self._add(batch)
                if self._clock.monotonic() >= deadline or not should_continue():
                    return
        except BaseException:
            self._index = None  # it may hold what was not written
            raise
        self._metrics.stories(0, until)

    def _next(self, until: datetime) -> list[PendingDocument]:
        """Return the next documents: late ones first, as they are older; none when everything is in a story."""
        if self._last is not None:
            now = self._store.story_forming.now()
            late = self._store.story_forming.late(self._last, self._last.published_at - KEPT, self._since(now), _BATCH)
            if late:
                return late
            self._late_since = now
        return self._store.story_forming.settled(self._last, until, _BATCH)

    def _since(self, now: datetime) -> datetime | None:
        """Return from when on documents may have been stored that were not looked at; the store's clock may have been set back."""
        return None if self._late_since is None else min(self._late_since, now) - _OVERLAP

    def _add(self, batch: Sequence[PendingDocument]) -> None:
        assert self._index is not None, "made before"
        rows = []
        for document in batch:
            self._index.add(incoming(document))
            known = self._index.remembered(document.id)
            assert known is not None, "not older than the index remembers"
            rows.append(row_of(document, known))
        self._store.story_forming.write(rows)
        end = StoryPosition(batch[-1].published_at, batch[-1].id)
        if self._last is None or (end.published_at, end.document_id) > (self._last.published_at, self._last.document_id):
            self._last = end
        self._metrics.stories(len(rows), self._last.published_at)

    def _restored(self, should_continue: Callable[[], bool]) -> StoryIndex | None:
        """Return an index as the process that wrote the last row had it; None when it was told to stop meanwhile."""
        self._index, self._late_since = None, None
        self._last = self._store.story_forming.last()
        if self._last is None:
            return StoryIndex()
        stopped = False

        def rows(last: StoryPosition) -> Iterator[StoryMemberRow]:
            nonlocal stopped
            after = self._store.story_forming.first_version(last.published_at - KEPT) - 1
            while part := self._store.story_forming.rows(last.published_at - 2 * KEPT, after, _ROWS):
                yield from part
                after = part[-1].version
                if not should_continue():
                    stopped = True
                    return

        index = StoryIndex.restore(map(remembered, rows(self._last)))
        log.info("stories go on from %s, with %d documents of the days before", self._last.published_at, len(index))
        return None if stopped else index
