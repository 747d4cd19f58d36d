"""robots.txt of each host (RFC 9309): what may be fetched, and how often."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from squall.core.clock import Clock
from squall.core.net.outbound.errors import OutboundError, RequestRefusedError
from squall.ingest.article.errors import ArticleError
from squall.ingest.article.shared_results import SharedResults
from squall.ingest.article.web import Visit, Web

LONGEST_DELAY: Final = 30.0
"""A host that wants a longer pause between two requests, in seconds, is not asked for articles."""
_MOST_BYTES: Final = 512_000
"""As much of a robots.txt as RFC 9309 has crawlers read, at least."""
_MOST_KEPT_BYTES: Final = 20_000_000
_FILE_BYTES: Final = 200
_KEPT_SECONDS: Final = 86_400.0
_UNREACHABLE_SECONDS: Final = 600.0
_REDIRECTS: Final = 5
_PRODUCT_TOKEN: Final = re.compile(r"(?:Mozilla/[0-9.]{1,9} \(compatible; ?)?([A-Za-z_-]+)")

Judge = Callable[[bytes, str, str], tuple[bool, float] | None]
"""A robots.txt, a URL and a product token → whether it may be fetched, and the Crawl-delay in seconds, 0 if there is none.

None where the file can't be read within its budget: it may be made to take all memory.
"""


@dataclass(frozen=True, slots=True)
class _RobotsFile:
    """A robots.txt; `body` is None where nothing may be fetched because the host did not say."""

    body: bytes | None
    expires: float


class Robots:
    """Knows the rules of the last hosts, each for a day; safe to use from several threads.

    Where there is no robots.txt (4xx), all is allowed. Where the host does not answer, answers 5xx or 429, nothing is, for ten minutes;
    where the file can't be read, nothing is for a day.

    Args:
        web: fetches them.
        judge: reads them.
        user_agent: the User-Agent header, whose product token the rules may name.
        clock: measures how long they are kept.
    """

    def __init__(self, web: Web, judge: Judge, user_agent: str, clock: Clock) -> None:
        self._web = web
        self._judge = judge
        self._token = product_token(user_agent)
        self._clock = clock
        self._files: SharedResults[_RobotsFile] = SharedResults(_MOST_KEPT_BYTES, lambda file: _FILE_BYTES + len(file.body or b""))

    def pause(self, url: str, visit: Visit) -> float:
        """Return the seconds between two requests that the host of `url` asks for; 0 if it does not.

        Raises:
            ArticleError: `url` must not be fetched, or only later.
            RequestRefusedError: its host must not be reached.
            RequestStoppedError: the process is stopping.
        """
        parts = urlsplit(url)
        where = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2].lower(), "/robots.txt", "", ""))
        file, _ = self._files.get(where, lambda: self._fetched(where, visit), visit.stopped, self._is_fresh)
        if file.body is None:
            raise ArticleError("robots", "the robots.txt of its host can't be had or read, so nothing may be fetched for now")
        if not file.body:
            return 0.0
        allowed, delay = self._judge(file.body, url, self._token) or (False, 0.0)
        if not allowed:
            raise ArticleError("robots", f"robots.txt forbids it for {self._token}")
        if delay > LONGEST_DELAY:
            raise ArticleError("robots", f"robots.txt asks for more than {LONGEST_DELAY:g} s between two requests")
        return delay

    def _is_fresh(self, file: _RobotsFile) -> bool:
        return self._clock.monotonic() < file.expires

    def _fetched(self, where: str, visit: Visit) -> _RobotsFile:
        now = self._clock.monotonic()
        try:
            page = self._web.get(where, visit, _MOST_BYTES, redirects=_REDIRECTS, whole=False)
        except RequestRefusedError:  # a host that must not be reached: that is what the user should read
            raise
        except OutboundError:
            return _RobotsFile(None, now + _UNREACHABLE_SECONDS)
        if page.status == HTTPStatus.OK:
            is_readable = self._judge(page.body, where, self._token) is not None
            return _RobotsFile(page.body if is_readable else None, now + _KEPT_SECONDS)
        if page.status >= HTTPStatus.INTERNAL_SERVER_ERROR or page.status == HTTPStatus.TOO_MANY_REQUESTS:
            return _RobotsFile(None, now + _UNREACHABLE_SECONDS)
        return _RobotsFile(b"", now + _KEPT_SECONDS)


def product_token(user_agent: str) -> str:
    """Return the name by which rules address a user agent: `squall` of `squall/0.1 (+https://…)`; of a browser's form the name within."""
    found = _PRODUCT_TOKEN.match(user_agent.strip())
    return found[1] if found else user_agent
