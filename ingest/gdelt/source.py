"""GDELT 2.0 as a source: a file every fifteen minutes, none left out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from squall.core.errors import InvalidRecordError, UnavailableError
from squall.core.items import Batch, Item
from squall.core.net.outbound.errors import status_words
from squall.ingest.gdelt.articles import Article, article_document, article_of
from squall.ingest.gdelt.files import INTERVAL, MOST_FILE_BYTES, LastUpdate, check, file_name, interval_of, last_update, rows
from squall.ingest.gdelt.options import GdeltOptions
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.http import HttpAnswer
from squall.ingest.registry.live import PolledSource, doubled
from squall.ingest.social.text_filter import TextFilter, entity_finder
from squall.ingest.source import BATCH_ITEMS, OriginNumbers, accepted, rejected

log = logging.getLogger(__name__)

_LATE: Final = timedelta(minutes=30)
"""A file that is missing or damaged while others are so much newer will stay so; until then the newer ones wait."""
_TRIES: Final = 3
"""So often it is asked for at least: a server may miss a file for a moment."""
_MOST_AHEAD: Final = timedelta(days=1)
_DOWNLOAD_SECONDS: Final = 120.0
_LONGEST_PAUSE: Final = 900.0
_LOOK_ROWS: Final = 100


class GdeltSource(PolledSource):
    """Reads the files of the Global Knowledge Graph in order until stopped.

    Args:
        options: what is wanted.
        context: clock, cursor, HTTP and whom it reports to.
    """

    def __init__(self, options: GdeltOptions, context: SourceContext) -> None:
        super().__init__(context, options.poll_seconds)
        self._options = options
        self._filter = TextFilter(options, entity_finder(context))
        self._publishers = frozenset(options.publishers)
        self._themes = frozenset(options.themes)
        self._beginnings = tuple(theme.removesuffix("*") for theme in options.themes if theme.endswith("*"))
        self._numbers = OriginNumbers(context.name, context.clock)
        cursor = context.cursor.load() or {}
        self._done = datetime.fromisoformat(cursor["done"]) if "done" in cursor else None
        self._row = int(cursor.get("row", 0))
        """How many rows of the file after `_done` are delivered."""
        self._tried: tuple[datetime | None, int] = (None, 0)
        """The file that was missing or damaged last, and how often in a row."""
        self.gaps = 0
        """How many files GDELT does not have."""

    def _pause_after(self, error: UnavailableError, pause: float, /) -> float:
        asked = error.seconds if isinstance(error, _RefusedError) else 0.0
        return max(asked, doubled(pause, self._failures, _LONGEST_PAUSE))

    def _poll(self) -> Iterator[Batch]:
        """Deliver every file up to the newest that was not delivered."""
        answer = self._get("lastupdate.txt", 100_000)
        if not answer.ok:
            raise UnavailableError(f"{answer.url} answered {status_words(answer.status)}")
        newest = last_update(answer.body)
        if newest.at - self._context.clock.now() > _MOST_AHEAD:  # each file until then would be left out
            raise UnavailableError(f"{answer.url} lists a file of the future, {file_name(newest.at)}", "check the clock of this machine")
        self._context.report.contact()
        if self._done is None:
            start = interval_of(self._context.clock.now() - timedelta(hours=self._options.start_hours))
            self._done = min(start if self._options.start_hours else newest.at, newest.at) - INTERVAL
        while self._done < newest.at and not self._is_over():
            at = self._done + INTERVAL
            body = self._file(at, newest)
            if body is not None:
                yield from self._deliver(at, body, newest)
            if self._is_over():
                return
            self._done, self._row = at, 0

    def _file(self, at: datetime, newest: LastUpdate) -> bytes | None:
        """Return a file; None if GDELT does not have it and will not."""
        answer = self._get(file_name(at), MOST_FILE_BYTES)
        if answer.status == 404 and self._is_hopeless(at, newest):
            self._leave_out(at, "GDELT does not have it")
            return None
        if not answer.ok:
            raise UnavailableError(f"{answer.url} answered {status_words(answer.status)}")
        self._context.report.contact()
        if at == newest.at:
            check(answer.body, newest)
        return answer.body

    def _is_hopeless(self, at: datetime, newest: LastUpdate) -> bool:
        """Note that a file is missing or damaged once more; return whether it will stay so."""
        self._tried = (at, self._tried[1] + 1 if self._tried[0] == at else 1)
        return newest.at - at >= _LATE and self._tried[1] >= _TRIES

    def _deliver(self, at: datetime, body: bytes, newest: LastUpdate) -> Iterator[Batch]:
        items: list[Item] = []
        number = 0
        try:
            for number, row in enumerate(rows(body), 1):
                if number % _LOOK_ROWS == 0 and self._is_over():
                    return
                if number <= self._row:
                    continue
                items += self._items(row, at)
                if len(items) >= BATCH_ITEMS:
                    self._row = number
                    yield Batch(items, self._context.cursor.commit(self._position()), caught_up=False)
                    items = []
        except UnavailableError as error:
            if not self._is_hopeless(at, newest):
                raise
            self._leave_out(at, error.what)
        self._row = number
        done = {"done": at.isoformat()}
        yield Batch(items, self._context.cursor.commit(done), caught_up=at >= newest.at)

    def _position(self) -> dict[str, Any]:
        return {"done": self._done.isoformat() if self._done else "", "row": self._row}

    def _items(self, row: list[str], at: datetime) -> list[Item]:
        """Return the item of a row that is wanted."""
        try:
            article = article_of(row, at)
            if article is None or not article.title or (self._publishers and article.publisher not in self._publishers):
                return []
            if not self._wants(article):
                return []
            document = article_document(article, self._symbols(article), self._context.clock.now())
            return [accepted(self._numbers.next(), document)]
        except InvalidRecordError as error:
            return [rejected(self._numbers.next(), error, "\t".join(row).encode())]

    def _wants(self, article: Article) -> bool:
        if not article.themes.isdisjoint(self._themes) or any(theme.startswith(self._beginnings) for theme in article.themes):
            return True
        only_themes = bool(self._options.themes) and not (self._options.chooses or self._options.everything)
        return not only_themes and self._filter.wants(article.title)

    def _symbols(self, article: Article) -> list[str]:
        """Return the main ticker of each organisation that the catalogue has."""
        organisations = article.organisations if self._options.organisations else ()
        if not organisations:
            return []
        linker = self._context.linker()
        entities = [linker.named(name) for name in organisations if any(map(str.isalnum, name)) and len(name) > 1]
        return list(dict.fromkeys(entity.symbols[0] for entity in entities if entity.symbols))

    def _leave_out(self, at: datetime, why: str) -> None:
        self.gaps += 1
        self._context.report.gap()
        log.warning("a file of GDELT is left out: %s: %s", file_name(at), why, extra={"source": self.name})

    def _get(self, name: str, most: int) -> HttpAnswer:
        url = f"{self._options.url}/{name}"
        answer = self._context.http.request("GET", url, self._stop, timeout_seconds=_DOWNLOAD_SECONDS, max_bytes=most)
        if answer.status in {429, 503}:
            asked = answer.retry_after(self._context.clock.now())
            raise _RefusedError(f"{answer.url} answered {status_words(answer.status)}", asked or 0.0)
        return answer


class _RefusedError(UnavailableError):
    """The server wants fewer requests; it may say for how long."""

    def __init__(self, what: str, seconds: float) -> None:
        super().__init__(what)
        self.seconds = seconds
