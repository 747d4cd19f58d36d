"""The limits of the push endpoint: size and duration of a body, documents per request, errors per answer.

Those that are settings are in `squall.core.config.settings.PushSettings`.
"""

from __future__ import annotations

import asyncio

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

MAX_ERRORS = 100
"""The answer to an invalid request lists at most this many errors."""
BODY_SECONDS = 30.0
"""A body must arrive within this time."""
RETRY_AFTER = {"Retry-After": "1"}
"""The header of answers that ask the sender to try again."""


async def read_body(request: Request, max_bytes: int) -> bytes:
    """Return the body.

    Raises:
        HTTPException: 413 longer than `max_bytes`; 408 not complete within `BODY_SECONDS`; 400 the connection broke.
    """
    too_large = HTTPException(413, f"the body is longer than {max_bytes} bytes; send smaller batches", {"Connection": "close"})
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > max_bytes:
                    raise too_large
    except TimeoutError:
        raise HTTPException(408, f"the body did not arrive within {BODY_SECONDS:g} s", {"Connection": "close"}) from None
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
