"""One conditional HTTP request with limits on its time and size."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from squall.core.clock import Clock
from squall.core.net.outbound.client import Answer, OutboundClient, OutboundRequest
from squall.core.net.outbound.errors import OutboundError, RequestStoppedError, status_words

_MAX_REDIRECTS = 5
_LONGEST_RETRY_AFTER = 86_400.0
_HEADER_BYTES = 2
_GZIP = b"\x1f\x8b"
_ANY_HEADER = 32 + zlib.MAX_WBITS
"""zlib finds out whether it is its own header or gzip's."""


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
        body = await _body(answer, limits.max_bytes)
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


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for (a number or a date), at most a day; None if it can't be read."""
    text = value[:100].strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), _LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), _LONGEST_RETRY_AFTER)


def _headers(validators: Validators, limits: FetchLimits) -> dict[str, str]:
    headers = {
        "User-Agent": limits.user_agent,
        "Accept": "application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.5",
        "Accept-Encoding": "gzip, deflate",
    }
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.modified:
        headers["If-Modified-Since"] = validators.modified
    return headers


async def _body(answer: Answer, max_bytes: int) -> bytes:
    """Read and decompress the body; a library would decompress a whole chunk, however large it becomes."""
    encoding = answer.header("content-encoding").lower() or "identity"
    if encoding not in {"identity", "gzip", "x-gzip", "deflate"}:
        raise FetchError("the server sent a content encoding that was not requested")
    packed = encoding != "identity"
    unpacker: zlib._Decompress | None = None
    body, begin = bytearray(), b""
    received = 0
    async for chunk in answer.chunks():
        received += len(chunk)  # compressed data may unpack to nothing
        if packed and unpacker is None:
            chunk = begin = begin + chunk
            if len(begin) < _HEADER_BYTES:
                continue
            unpacker = zlib.decompressobj(_window(begin, encoding))
        try:
            body += unpacker.decompress(chunk, max_bytes + 1 - len(body)) if unpacker else chunk
        except zlib.error as error:
            raise FetchError(f"invalid {encoding} data") from error
        if max(len(body), received) > max_bytes:
            raise FetchError(f"longer than {max_bytes} bytes")
        if unpacker and unpacker.eof:  # what follows is no part of the feed, and zlib would keep it
            break
    if packed and not (unpacker and unpacker.eof):
        raise FetchError(f"{encoding} data ends early")
    return bytes(body)


def _window(begin: bytes, encoding: str) -> int:
    """Return zlib's `wbits` for data that begin so: old servers (IIS) send `deflate` without zlib's header, against RFC 9110."""
    has_header = begin[0] & 0x0F == zlib.DEFLATED and int.from_bytes(begin[:2], "big") % 31 == 0
    return -zlib.MAX_WBITS if encoding == "deflate" and not has_header and begin[:2] != _GZIP else _ANY_HEADER
