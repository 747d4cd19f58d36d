"""Requests for pages and robots.txt: at the pace of the host, to hosts that may be reached, within limits on time and size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from squall.core.clock import Clock
from squall.core.net.outbound.answers import ACCEPTED_ENCODINGS, read_body
from squall.core.net.outbound.client import Answer, OutboundClient, OutboundRequest
from squall.core.net.outbound.errors import RequestStoppedError
from squall.ingest.article.errors import ArticleError
from squall.ingest.host_intervals import HostIntervals, host_of

_CHECK_SECONDS: Final = 0.1
"""Between two looks at whether it is the turn of a host, or the process is stopping."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What holds for all requests for one article.

    Args:
        feed: URL of the feed that links to it, as the operator wrote it.
        stopped: asked ten times a second whether to give up.
        deadline: on the clock's `monotonic`; no request begins later.
    """

    feed: str
    stopped: Callable[[], bool]
    deadline: float


@dataclass(frozen=True, slots=True)
class Page:
    """An answer; without a body unless its status is 200 and its type is wanted."""

    status: int
    content_type: str
    location: str
    body: bytes


class Web:
    """Sends requests; safe to use from several threads.

    Args:
        client: decides which hosts may be reached.
        user_agent: the User-Agent header.
        timeout_seconds: of one request, from the look-up of the name to the last byte.
        clock: measures pauses and deadlines.
        intervals: the pauses between requests to one host.
    """

    def __init__(self, client: OutboundClient, user_agent: str, timeout_seconds: float, clock: Clock, intervals: HostIntervals) -> None:
        self._client = client
        self._user_agent = user_agent
        self._timeout = timeout_seconds
        self._clock = clock
        self._intervals = intervals

    def get(
        self,
        url: str,
        visit: Visit,
        max_bytes: int,
        *,
        types: frozenset[str] = frozenset(),
        pause: float = 0.0,
        redirects: int = 0,
        whole: bool = True,
    ) -> Page:
        """Wait for the turn of the host and get `url`, without user and password that it may hold.

        Args:
            url: from a feed, so anybody's.
            visit: for which article.
            max_bytes: of the body, as sent and unpacked.
            types: only a body of one of these media types is read; empty: any.
            pause: seconds between two requests that the host asks for.
            redirects: how many are followed; at 0 a redirect is an answer like others.
            whole: whether a longer body is an error; its beginning is returned otherwise.

        Raises:
            ArticleError: the turn of the host comes too late.
            OutboundError: no connection, a host that must not be reached, or a limit is exceeded.
            RequestStoppedError: the process is stopping.
        """

        async def read(answer: Answer) -> Page:
            media = answer.header("content-type")[:200]
            wanted = answer.status == HTTPStatus.OK and (not types or media_type(media) in types)
            body = await read_body(answer, max_bytes, whole=whole) if wanted else b""
            return Page(answer.status, media, answer.header("location"), body)

        self._wait(url, visit, pause)
        headers = {"User-Agent": self._user_agent, "Accept": ", ".join(sorted(types)) or "*/*", "Accept-Encoding": ACCEPTED_ENCODINGS}
        request = OutboundRequest("GET", url, self._timeout, headers, redirects=redirects, listed_by=visit.feed)
        return self._client.exchange(request, read, visit.stopped)

    def _wait(self, url: str, visit: Visit, pause: float) -> None:
        host = host_of(url)
        while not visit.stopped():
            if self._clock.monotonic() >= visit.deadline:
                raise ArticleError("left_out", "reading the articles of one poll takes too long")
            if self._intervals.take(host, pause):
                return
            self._clock.sleep(_CHECK_SECONDS)
        raise RequestStoppedError


def media_type(content_type: str) -> str:
    """Return the media type of a Content-Type header, without its parameters."""
    return content_type.partition(";")[0].strip().lower()
