"""One conditional HTTP request with limits on its time and size."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from squall.core.clock import Clock

_MAX_REDIRECTS = 5
_STOP_CHECK_SECONDS = 0.1
_LONGEST_RETRY_AFTER = 86_400.0


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
        max_bytes: of the body after decompression.
        user_agent: the User-Agent header.
    """

    timeout_seconds: float
    max_bytes: int
    user_agent: str


def fetch(url: str, validators: Validators, limits: FetchLimits, stopped: Callable[[], bool], clock: Clock) -> Fetched:
    """Get `url` if it has changed.

    The limits also hold for a server that never answers, sends without end, sends its headers byte by byte, or compresses gigabytes
    into kilobytes.

    Args:
        url: an http or https URL; redirects are followed.
        validators: of the last answer.
        limits: on time and size.
        stopped: asked ten times a second whether to give up.
        clock: the present time, for a Retry-After date.

    Raises:
        FetchError: no connection, a status other than 200 and 304, or a limit is exceeded.
        FetchStoppedError: `stopped` returned True.
    """
    return asyncio.run(_bounded(_get(url, validators, limits, clock), limits, stopped))


def retry_after(value: str, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for (a number or a date), at most a day; None if it can't be read."""
    text = value.strip()
    if text.isdigit():
        return min(float(text[:9]), _LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (moment - now).total_seconds()), _LONGEST_RETRY_AFTER)


async def _bounded(request: Coroutine[Any, Any, Fetched], limits: FetchLimits, stopped: Callable[[], bool]) -> Fetched:
    work = asyncio.ensure_future(request)
    try:
        try:
            async with asyncio.timeout(limits.timeout_seconds):
                while not (await asyncio.wait({work}, timeout=_STOP_CHECK_SECONDS))[0]:
                    if stopped():
                        raise FetchStoppedError
        except TimeoutError:
            raise FetchError(f"not finished after {limits.timeout_seconds:g} s") from None
        return await work
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise FetchError(f"{type(error).__name__}: {error}") from error
    finally:
        work.cancel()


async def _get(url: str, validators: Validators, limits: FetchLimits, clock: Clock) -> Fetched:
    headers = {
        "User-Agent": limits.user_agent,
        "Accept": "application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.5",
        "Accept-Encoding": "gzip, deflate",
    }
    if validators.etag:
        headers["If-None-Match"] = validators.etag
    if validators.modified:
        headers["If-Modified-Since"] = validators.modified
    options = {"follow_redirects": True, "max_redirects": _MAX_REDIRECTS, "timeout": limits.timeout_seconds}
    async with httpx.AsyncClient(**options) as client, client.stream("GET", url, headers=headers) as answer:  # type: ignore[arg-type]
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return Fetched(None, "", validators)
        if answer.status_code != httpx.codes.OK:
            wait = answer.headers.get("retry-after")
            asked = retry_after(wait, clock.now()) if wait else None
            raise FetchError(f"HTTP {answer.status_code} {answer.reason_phrase}", asked)
        body = await _body(answer, limits.max_bytes)
        fresh = Validators(answer.headers.get("etag", "")[:1000], answer.headers.get("last-modified", "")[:100])
        return Fetched(body, answer.headers.get("content-type", ""), fresh)


async def _body(answer: httpx.Response, max_bytes: int) -> bytes:
    """Read and decompress the body; httpx would decompress a whole chunk, however large it becomes."""
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "", "gzip", "x-gzip", "deflate"}:
        raise FetchError(f"the server sent the content encoding {encoding!r}, which was not requested")
    unpacker = zlib.decompressobj(47) if encoding in {"gzip", "x-gzip", "deflate"} else None
    body = bytearray()
    async for chunk in answer.aiter_raw():
        try:
            body += unpacker.decompress(chunk, max_bytes + 1 - len(body)) if unpacker else chunk
        except zlib.error as error:
            raise FetchError(f"invalid {encoding} data: {error}") from error
        if len(body) > max_bytes:
            raise FetchError(f"longer than {max_bytes} bytes")
    if unpacker and not unpacker.eof:
        raise FetchError(f"{encoding} data ends early")
    return bytes(body)
