"""One conditional HTTP request with limits on its time and size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from squall.core.clock import Clock
from squall.core.net.outbound.answers import ACCEPTED_ENCODINGS, read_body, retry_after
from squall.core.net.outbound.client import Answer, OutboundClient, OutboundRequest
from squall.core.net.outbound.errors import OutboundError, RequestStoppedError, status_words

_MAX_REDIRECTS = 5


class FetchError(Exception):
    """The fetch failed.

    Args:
        message: why, for the log.
        retry_after: seconds that the server asks to wait; None if it does not ask.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class FetchStoppedError(Exception):
    """The fetch was cancelled because the process is stopping."""


@dataclass(frozen=True, slots=True)
class Validators:
    """The headers of the last answer that make the next request conditional: ETag and Last-Modified."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer; `body` is None for 304 Not Modified."""

    body: bytes | None
    content_type: str
    validators: Validators


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """The limits of a fetch, and how it names itself.

    Args:
        timeout_seconds: from the connection to the last byte.
        max_bytes: of the body, as sent and after decompression.
        user_agent: the User-Agent header.
    """

    timeout_seconds: float
    max_bytes: int
    user_agent: str


def fetch(
    url: str, validators: Validators, client: OutboundClient, limits: FetchLimits, stopped: Callable[[], bool], clock: Clock
) -> Fetched:
    """Get `url` if it has changed.

    The limits also hold for a server that never answers, sends without end, sends its headers byte by byte, or compresses gigabytes
    into kilobytes.

    Args:
        url: an http or https URL; redirects are followed where `client` allows it.
        validators: of the last answer.
        client: sends the requests.
        limits: on time and size.
        stopped: asked ten times a second whether to give up.
        clock: the present time, for a Retry-After date.

    Raises:
        FetchError: no connection, a forbidden host, a status other than 200 and 304, or a limit is exceeded. The message repeats nothing
            that the server sent.
        FetchStoppedError: `stopped` returned True.
    """

    async def read(answer: Answer) -> Fetched:
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return Fetched(None, "", validators)
        if answer.status != HTTPStatus.OK:
            wait = answer.header("retry-after")
            raise FetchError(f"HTTP {status_words(answer.status)}", retry_after(wait, clock.now()) if wait else None)
        body = await read_body(answer, limits.max_bytes)
        fresh = Validators(_validator(answer.header("etag"), 1000), _validator(answer.header("last-modified"), 100))
        return Fetched(body, answer.header("content-type")[:200], fresh)

    request = OutboundRequest("GET", url, limits.timeout_seconds, _headers(validators, limits), redirects=_MAX_REDIRECTS)
    try:
        return client.exchange(request, read, stopped)
    except RequestStoppedError:
        raise FetchStoppedError from None
    except OutboundError as error:
        raise FetchError(str(error)) from error


def _validator(value: str, longest: int) -> str:
    """Return a header that is sent back in the next request; empty if it is too long: a part of it would match nothing."""
    return value.strip() if len(value) <= longest else ""


def _headers(validators: Validators, limits: FetchLimits) -> dict[str, str]:
    headers = {
        "User-Agent": limits.user_agent,
        "Accept": "application/rss+xml, application/atom+xml, application/rdf+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5",
        "Accept-Encoding": ACCEPTED_ENCODINGS,
    }
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.modified:
        headers["If-Modified-Since"] = validators.modified
    return headers
