"""EDGAR as a source: the lists of current filings by form, polled; each filing delivered once."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from squall.core.errors import InvalidRecordError, StoppedError, UnavailableError
from squall.core.items import Batch, Item
from squall.core.net.outbound.errors import status_words
from squall.ingest.edgar.filing_text import MOST_BYTES, filing_text
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
_PART: Final = 20
"""Filings of a batch whose texts take a request each."""
_MOST_TRIES: Final = 3
_MOST_TRIED: Final = 1_000


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
        self._tries: Counter[str] = Counter()
        """Polls in which the text of a filing could not be had."""
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
        oldest = (
            known - _REMEMBERED if known else None
        )  # what is older is delivered and forgotten: the list of a rare form goes back for weeks
        listed = [filing for filing in reversed(merged(filings)) if oldest is None or filing.accepted_at >= oldest]
        most = _PART if self._options.text else BATCH_ITEMS
        for start in range(0, max(1, len(listed)), most):
            last = start + most >= len(listed)
            items: list[Item] = []
            try:
                for filing in listed[start : start + most]:
                    if self._is_wanted(filing, form):
                        items.append(self._item(filing))
                        self._delivered[filing.accession] = filing.accepted_at
                    self._newest[form] = max(self._newest.get(form, filing.accepted_at), filing.accepted_at)
            except UnavailableError:
                if items:  # those before count as delivered
                    yield Batch(items, no_commit, caught_up=False)
                raise
            if items or last:
                commit = self._context.cursor.commit(self._position()) if last else no_commit
                yield Batch(items, commit, caught_up=last)

    def _page(self, form: str, start: int) -> tuple[list[Filing], int]:
        query = {"action": "getcurrent", "type": form, "owner": "include", "start": start, "count": _PAGE, "output": "atom"}
        answer = self._asked(f"{self._options.url}/cgi-bin/browse-edgar?{urlencode(query)}")
        if not answer.ok:
            raise UnavailableError(f"EDGAR answered {status_words(answer.status)}")
        self._context.report.contact()
        return read_filings(answer.body)

    def _get(self, url: str, most_bytes: int | None = None) -> HttpAnswer:
        http, whole = self._context.http, most_bytes is None
        return http.request("GET", url, self._stop, headers=self._headers, max_bytes=most_bytes, whole=whole)

    def _asked(self, url: str, most_bytes: int | None = None) -> HttpAnswer:
        """Return the answer to a request that is not sent too early after the one before."""
        if not self._context.wait(_BETWEEN_SECONDS, self._stop):
            raise StoppedError("stopped between two requests")
        answer = self._get(url, most_bytes)
        if answer.status in {403, 429}:
            asked = answer.retry_after(self._context.clock.now())
            why = "too many of this address, or the user_agent is not accepted"
            raise _BlockedError(f"the SEC refuses requests ({status_words(answer.status)}): {why}", asked)
        return answer

    def _is_wanted(self, filing: Filing, form: str) -> bool:
        options = self._options
        chosen = filing.form == form or (options.amendments and filing.form == f"{form}/A")
        about = {cik for _, _, cik in filing.about}
        return chosen and filing.accession not in self._delivered and (not options.companies or bool(about & set(options.companies)))

    def _item(self, filing: Filing) -> Item:
        symbols = tuple(dict.fromkeys(ticker for _, _, cik in filing.about for ticker in self._tickers.of(cik)))
        text = self._text(filing) if self._options.text and filing.parties else ""
        try:
            document = filing_document(filing, symbols, self._options.source, self._context.clock.now(), text)
            return accepted(self._numbers.next(), document)
        except InvalidRecordError as error:
            return rejected(self._numbers.next(), error, f"{filing.accession} {filing.form} {filing.url}".encode())

    def _text(self, filing: Filing) -> str:
        """Return what a filing says; empty where it can't be had after `_MOST_TRIES` polls: who files what is worth more than nothing.

        Raises:
            UnavailableError: the server does not answer; the filing is read again at the next poll.
        """
        url = f"{self._options.url}/Archives/edgar/data/{filing.parties[0][2]}/{filing.accession}.txt"
        try:
            answer = self._asked(url, MOST_BYTES)
            if not answer.ok:
                raise UnavailableError(f"EDGAR answered {status_words(answer.status)} for the text of {filing.accession}")
        except _BlockedError:
            raise
        except UnavailableError as error:
            self._tries[filing.accession] += 1
            if self._tries[filing.accession] < _MOST_TRIES:
                raise
            log.warning("a filing is delivered without its text: %s", error, extra={"source": self.name, "filing": filing.accession})
            return ""
        finally:
            if len(self._tries) > _MOST_TRIED:
                self._tries.clear()
        self._tries.pop(filing.accession, None)
        return filing_text(answer.body, filing.form, dict(filing.items))

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
