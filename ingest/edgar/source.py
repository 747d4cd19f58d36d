"""EDGAR as a source: the lists of current filings by form, polled; each filing delivered once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from squall.core.errors import InvalidRecordError, StoppedError, UnavailableError
from squall.core.items import Batch, Item
from squall.core.net.outbound.errors import status_words
from squall.ingest.edgar.filings import Filing, filing_document, merged, read_filings
from squall.ingest.edgar.options import EdgarOptions
from squall.ingest.edgar.tickers import LIST_PATH, CikTickers
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.http import HttpAnswer
from squall.ingest.registry.live import PolledSource, doubled
from squall.ingest.source import BATCH_ITEMS, OriginNumbers, accepted, no_commit, rejected

log = logging.getLogger(__name__)

_PAGE: Final = 100
_MOST_PAGES: Final = 20
"""EDGAR lists no more than two thousand entries of a form."""
_BETWEEN_SECONDS: Final = 0.15
"""Between two requests: the SEC allows ten a second of one address, all programs together."""
_BLOCKED_SECONDS: Final = 660.0
"""The SEC blocks an address that asks too often for ten minutes."""
_OVERLAP: Final = timedelta(minutes=15)
"""How much of a list is read again: filings appear a little out of order."""
_REMEMBERED: Final = timedelta(days=2)
_MOST_REMEMBERED: Final = 20_000


class EdgarSource(PolledSource):
    """Polls the lists of chosen forms until stopped.

    Args:
        options: forms, companies, and who asks.
        context: clock, cursor, HTTP and whom it reports to.
    """

    def __init__(self, options: EdgarOptions, context: SourceContext) -> None:
        super().__init__(context, options.poll_seconds)
        self._options = options
        self._headers = {"User-Agent": options.user_agent}
        self._numbers = OriginNumbers(context.name, context.clock)
        self._tickers = CikTickers(lambda: self._get(options.url + LIST_PATH).json(), context.clock)
        cursor = context.cursor.load() or {}
        self._newest: dict[str, datetime] = {form: datetime.fromisoformat(at) for form, at in cursor.get("newest", {}).items()}
        self._delivered: dict[str, datetime] = {key: datetime.fromisoformat(at) for key, at in cursor.get("delivered", {}).items()}
        self.gaps = 0
        """How often filings were lost because EDGAR lists only the newest two thousand entries of a form."""

    def _poll(self) -> Iterator[Batch]:
        for form in self._options.forms:
            yield from self._poll_form(form)

    def _pause_after(self, error: UnavailableError, pause: float, /) -> float:
        pause = doubled(pause, self._failures, _BLOCKED_SECONDS)
        return max(pause, error.seconds) if isinstance(error, _BlockedError) else pause

    def _poll_form(self, form: str) -> Iterator[Batch]:
        known = self._newest.get(form)
        filings: list[Filing] = []
        for page in range(_MOST_PAGES if known else 1):
            found, entries = self._page(form, page * _PAGE)
            filings += found
            if not found and entries:
                raise UnavailableError("none of the entries that EDGAR lists can be read")
            if entries < _PAGE or (known and found[-1].accepted_at < known - _OVERLAP):
                break
        else:
            if known:
                self._say_gap(form, known)
        items: list[Item] = []
        for filing in reversed(merged(filings)):
            if known and filing.accepted_at < known - _REMEMBERED:
                continue  # delivered and forgotten: the list of a rare form goes back for weeks
            items += self._items(filing, form)
            self._newest[form] = max(self._newest.get(form, filing.accepted_at), filing.accepted_at)
        commit = self._context.cursor.commit(self._position())
        for start in range(0, max(1, len(items)), BATCH_ITEMS):
            last = start + BATCH_ITEMS >= len(items)
            yield Batch(items[start : start + BATCH_ITEMS], commit if last else no_commit, caught_up=last)

    def _page(self, form: str, start: int) -> tuple[list[Filing], int]:
        query = {"action": "getcurrent", "type": form, "owner": "include", "start": start, "count": _PAGE, "output": "atom"}
        if not self._context.wait(_BETWEEN_SECONDS, self._stop):
            raise StoppedError("stopped between two requests")
        answer = self._get(f"{self._options.url}/cgi-bin/browse-edgar?{urlencode(query)}")
        if answer.status in {403, 429}:
            asked = answer.retry_after(self._context.clock.now())
            why = "too many of this address, or the user_agent is not accepted"
            raise _BlockedError(f"the SEC refuses requests ({status_words(answer.status)}): {why}", asked)
        if not answer.ok:
            raise UnavailableError(f"EDGAR answered {status_words(answer.status)}")
        self._context.report.contact()
        return read_filings(answer.body)

    def _get(self, url: str) -> HttpAnswer:
        return self._context.http.request("GET", url, self._stop, headers=self._headers)

    def _items(self, filing: Filing, form: str) -> list[Item]:
        """Return the item of a filing that is wanted and was not delivered."""
        options = self._options
        wanted = filing.form == form or (options.amendments and filing.form == f"{form}/A")
        about = [cik for _, _, cik in filing.about]
        if not wanted or filing.accession in self._delivered or (options.companies and not set(about) & set(options.companies)):
            return []
        self._delivered[filing.accession] = filing.accepted_at
        symbols = tuple(dict.fromkeys(ticker for cik in about for ticker in self._tickers.of(cik)))
        try:
            return [accepted(self._numbers.next(), filing_document(filing, symbols, options.source, self._context.clock.now()))]
        except InvalidRecordError as error:
            return [rejected(self._numbers.next(), error, f"{filing.accession} {filing.form} {filing.url}".encode())]

    def _say_gap(self, form: str, known: datetime) -> None:
        self.gaps += 1
        self._context.report.gap()
        since = known.isoformat(timespec="seconds")
        log.warning("filings of form %s are missing since %s: poll more often", form, since, extra={"source": self.name})

    def _position(self) -> dict[str, Any]:
        lists = [(newest - _REMEMBERED, newest) for newest in self._newest.values()]
        kept = [(key, at) for key, at in self._delivered.items() if any(oldest <= at <= newest for oldest, newest in lists)]
        self._delivered = dict(kept[-_MOST_REMEMBERED:])
        return {
            "newest": {form: at.isoformat() for form, at in self._newest.items()},
            "delivered": {key: at.isoformat() for key, at in self._delivered.items()},
        }


class _BlockedError(UnavailableError):
    """The SEC refuses the request for some minutes."""

    def __init__(self, what: str, asked: float | None) -> None:
        super().__init__(what, "it unblocks an address after ten minutes; check user_agent and what else asks from here")
        self.seconds = _BLOCKED_SECONDS if asked is None else asked
