"""One conditional, bounded HTTP fetch that always ends."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

_MAX_REDIRECTS = 5
_LOOK_SECONDS = 0.1
_LONGEST_RETRY_AFTER = 86_400.0


class FetchError(Exception):
    """The fetch failed.

    Args:
        message: why, for the log.
        retry_after: seconds the server asked for, if it did.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class FetchStoppedError(Exception):
    """Given up because the process stops."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What makes the next request conditional."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: `body` is None when nothing changed (304)."""

    body: bytes | None
    content_type: str
    validators: Validators


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What a fetch may cost: seconds from start to end, and bytes after unpacking."""

    timeout_seconds: float
    max_bytes: int
    user_agent: str


def fetch(url: str, validators: Validators, limits: FetchLimits, stopped: Callable[[], bool]) -> Fetched:
    """Get `url`, unless it is as it was.

    A server that never answers, answers for ever, drips its headers, or packs gigabytes into kilobytes costs at most the limits.

    Raises:
        FetchError: no connection, a status other than 200 and 304, or a limit.
        FetchStoppedError: `stopped` said so.
    """
    return asyncio.run(_bounded(url, validators, limits, stopped))


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


async def _bounded(url: str, validators: Validators, limits: FetchLimits, stopped: Callable[[], bool]) -> Fetched:
    work = asyncio.ensure_future(_get(url, validators, limits))
    deadline = asyncio.get_running_loop().time() + limits.timeout_seconds
    try:
        while not work.done():
            await asyncio.wait({work}, timeout=_LOOK_SECONDS)
            if work.done():
                break
            if stopped():
                raise FetchStoppedError
            if asyncio.get_running_loop().time() > deadline:
                raise FetchError(f"not finished after {limits.timeout_seconds:g} s")
        return await work
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise FetchError(f"{type(error).__name__}: {error}") from error
    finally:
        work.cancel()


async def _get(url: str, validators: Validators, limits: FetchLimits) -> Fetched:
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
            asked = retry_after(wait, datetime.now(UTC)) if wait else None
            raise FetchError(f"HTTP {answer.status_code} {answer.reason_phrase}", asked)
        body = await _body(answer, limits.max_bytes)
        fresh = Validators(answer.headers.get("etag", "")[:1000], answer.headers.get("last-modified", "")[:100])
        return Fetched(body, answer.headers.get("content-type", ""), fresh)


async def _body(answer: httpx.Response, max_bytes: int) -> bytes:
    """Read and unpack ourselves: httpx would unpack a whole chunk, however large it becomes."""
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "", "gzip", "x-gzip", "deflate"}:
        raise FetchError(f"content encoding {encoding!r} was not asked for")
    unpacker = zlib.decompressobj(47) if encoding in {"gzip", "x-gzip", "deflate"} else None
    body = bytearray()
    async for chunk in answer.aiter_raw():
        try:
            body += unpacker.decompress(chunk, max_bytes + 1 - len(body)) if unpacker else chunk
        except zlib.error as error:
            raise FetchError(f"broken {encoding}: {error}") from error
        if len(body) > max_bytes:
            raise FetchError(f"longer than {max_bytes} bytes")
    if unpacker and not unpacker.eof:
        raise FetchError(f"{encoding} ends early")
    return bytes(body)
