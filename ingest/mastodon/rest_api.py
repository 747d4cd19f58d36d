"""Mastodon's REST API, within the limits that the server states."""

from __future__ import annotations

import logging
import threading
from datetime import UTC
from typing import Any, Final
from urllib.parse import quote

from squall.core.dates.publication_time import TimeFormatError, parse_time
from squall.core.errors import StoppedError, UnavailableError
from squall.core.net.outbound.errors import status_words
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.http import HttpAnswer
from squall.ingest.registry.live import RefusedError

log = logging.getLogger(__name__)

_LONGEST_WAIT: Final = 900.0
_DEFAULT_WAIT: Final = 60.0
SCOPES: Final = "check its token, the token's scopes (read:statuses, read:lists), and its lists"
_KEEP: Final = 2
"""Requests that are left to others of the same token."""
_SPARE: Final = 50
"""With no more left, nothing is asked that can wait: servers usually allow 300 in five minutes."""
_SPARE_SECONDS: Final = 300.0
_GONE: Final = frozenset({404, 410})


class RestApi:
    """Sends GET requests with a token; waits when the server says that none are left.

    Args:
        url: of the server.
        token: access token.
        context: HTTP, clock, waiting.
    """

    def __init__(self, url: str, token: str, context: SourceContext) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._context = context
        self._free_at = 0.0
        self._spare_at = 0.0
        self.name = context.name

    @property
    def has_spare(self) -> bool:
        """Whether the server allows more requests than new statuses need."""
        return self._context.clock.monotonic() >= self._spare_at

    def statuses(self, page: str, stop: threading.Event) -> list[dict[str, Any]]:
        """Return a page of a timeline, newest first.

        Args:
            page: path and query.
            stop: ends waiting and request.

        Raises:
            UnavailableError: no answer that can be used: try again later.
            RefusedError: the server refuses the token or the timeline.
            StoppedError: `stop` was set.
        """
        found = self._get(page, stop)
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise UnavailableError(f"{self._url} answered with what is no timeline")
        return found

    def status(self, number: str, stop: threading.Event) -> dict[str, Any] | None:
        """Return a status; None if it is deleted, or can't be read any more. Raises as `statuses`."""
        path = f"/api/v1/statuses/{quote(number, safe='')}"
        answer = self._answer(path, stop)
        if answer.status in _GONE:
            return None
        found = self._body(path, answer)
        if not isinstance(found, dict) or found.get("id") != number:
            raise UnavailableError(f"{self._url} answered with what is no status")
        return found

    def streaming_url(self, stop: threading.Event) -> str:
        """Return the address of the server's streaming API; raises as `statuses`."""
        own = self._url.replace("http", "ws", 1)
        try:
            instance = self._get("/api/v2/instance", stop)
            found = instance["configuration"]["urls"]["streaming"]
        except (KeyError, TypeError, UnavailableError):
            return own
        secure = isinstance(found, str) and found.startswith("wss://" if own.startswith("wss") else ("ws://", "wss://"))
        return found.rstrip("/") if secure else own

    def _get(self, path: str, stop: threading.Event) -> Any:
        return self._body(path, self._answer(path, stop))

    def _answer(self, path: str, stop: threading.Event) -> HttpAnswer:
        left = self._free_at - self._context.clock.monotonic()
        if left > 0:
            log.info("the server's limit of requests is reached: waiting %.0f s", left, extra={"source": self.name})
            if not self._context.wait(left, stop):
                raise StoppedError("stopped while waiting for the server's limit of requests")
        answer = self._context.http.request("GET", f"{self._url}{path}", stop, headers=self._headers)
        self._free_at = self._context.clock.monotonic() + self._asked(answer)
        left_over = _count(answer.headers.get("x-ratelimit-remaining", ""))
        if answer.status == 429 or (left_over is not None and left_over <= _SPARE):
            self._spare_at = self._context.clock.monotonic() + _SPARE_SECONDS
        return answer

    def _body(self, path: str, answer: HttpAnswer) -> Any:
        if answer.status in {401, 403, 422} or (answer.status == 404 and path.startswith("/api/v1/timelines/")):
            what = f"{self._url} refuses {path.partition('?')[0]}: {status_words(answer.status)}"
            raise RefusedError(what, SCOPES)
        return answer.json()

    def _asked(self, answer: HttpAnswer) -> float:
        """Return how long the server wants the next request to wait, seconds."""
        left = _count(answer.headers.get("x-ratelimit-remaining", ""))
        if answer.status != 429 and (left is None or left > _KEEP):
            return 0.0
        asked = answer.retry_after(self._context.clock.now())
        if asked is None:
            try:
                reset = parse_time(answer.headers.get("x-ratelimit-reset", ""), UTC, "", "")
            except TimeFormatError:
                return _DEFAULT_WAIT
            asked = (reset - self._context.clock.now()).total_seconds()
        return min(max(0.0, asked), _LONGEST_WAIT)


def _count(header: str) -> int | None:
    return int(header) if header.isascii() and header.isdigit() and len(header) < 12 else None
