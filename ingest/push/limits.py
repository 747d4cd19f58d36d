"""The limits of the push endpoint: size of a body, documents per request, errors per answer.

Those that are settings are in `squall.core.config.settings.PushSettings`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

MAX_ERRORS = 100
"""The answer to an invalid request lists at most this many errors."""
BODIES = 8
"""All bodies that are received and handled at a time may take this many times the longest one."""
RETRY_AFTER = {"Retry-After": "1"}
"""The header of answers that ask the sender to try again."""


class BodyBudget:
    """Bounds the memory of all bodies that are being received and handled. Use it on one event loop.

    Args:
        most: bytes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._used = 0

    @contextmanager
    def body(self) -> Iterator[Callable[[int], None]]:
        """Yield what takes a number of bytes of the budget, or raises HTTPException 429; they are given back at the end."""
        taken = 0

        def take(size: int) -> None:
            nonlocal taken
            if self._used + size > self._most:
                raise HTTPException(429, "too many bodies are being received; try again later", RETRY_AFTER)
            taken += size
            self._used += size

        try:
            yield take
        finally:
            self._used -= taken


async def read_body(request: Request, max_bytes: int, take: Callable[[int], None]) -> bytes:
    """Return the body; the server ends the connection if it takes too long.

    Args:
        request: whose body it is.
        max_bytes: longest body.
        take: called with the size of each part before it is kept.

    Raises:
        HTTPException: 413 longer than `max_bytes`; 429 as `BodyBudget`; 400 the connection broke.
    """
    too_large = HTTPException(413, f"the body is longer than {max_bytes} bytes; send smaller batches")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise too_large
    body = bytearray()
    try:
        async for chunk in request.stream():
            if len(body) + len(chunk) > max_bytes:
                raise too_large
            take(len(chunk))
            body += chunk
    except ClientDisconnect:
        raise HTTPException(400, "the connection broke before the end of the body") from None
    return bytes(body)


def check_batch_size(documents: int, max_pending: int) -> None:
    """Refuse a request that the queue could never hold.

    Raises:
        HTTPException: 413.
    """
    if documents > max_pending:
        raise HTTPException(413, f"{documents} documents in one request; the limit is {max_pending}")
