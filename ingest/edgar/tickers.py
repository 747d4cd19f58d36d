"""Tickers by CIK, as the SEC lists them: a company is known by its number, never by its name."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from squall.core.clock import Clock
from squall.core.errors import UnavailableError

log = logging.getLogger(__name__)

LIST_PATH: Final = "/files/company_tickers.json"
_AGE_SECONDS: Final = 86_400.0
_RETRY_SECONDS: Final = 3_600.0


class CikTickers:
    """The list, fetched once a day; while it can't be fetched the old one counts, or none.

    Args:
        fetch: returns the list as parsed JSON.
        clock: its monotonic time decides.
    """

    def __init__(self, fetch: Callable[[], Any], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._next = clock.monotonic()
        self._tickers: Mapping[str, tuple[str, ...]] = {}

    def of(self, cik: str) -> tuple[str, ...]:
        """Return the tickers of a company by its CIK without leading zeros, the main one first.

        Raises:
            StoppedError: the source is stopping.
        """
        if self._clock.monotonic() >= self._next:
            self._refresh()
        return self._tickers.get(cik, ())

    def _refresh(self) -> None:
        self._next = self._clock.monotonic() + _RETRY_SECONDS
        try:
            found = self._fetch()
        except UnavailableError as error:
            log.warning("filings come without tickers: %s", error)
            return
        tickers: dict[str, tuple[str, ...]] = {}
        for row in found.values() if isinstance(found, dict) else ():
            if isinstance(row, dict) and isinstance(row.get("cik_str"), int) and isinstance(row.get("ticker"), str):
                cik = str(row["cik_str"])
                tickers[cik] = (*tickers.get(cik, ()), row["ticker"].upper())
        if tickers:
            self._tickers = tickers
            self._next = self._clock.monotonic() + _AGE_SECONDS
