"""What went wrong with a request, in our own words: what a server sent is never repeated."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

import httpcore

UNRESOLVED: Final = "the host name can't be resolved"
_STATUS: Final = re.compile(r"([1-5][0-9]{2})\b")


class OutboundError(Exception):
    """There was no usable answer; the message says why."""


class RequestRefusedError(OutboundError):
    """The request was not sent, or a redirect not followed, because it leads where it must not."""


class RequestStoppedError(Exception):
    """The request was abandoned because the process is stopping."""


def status_words(status: int) -> str:
    """Return `404 Not Found`: the number, and its standard phrase instead of the server's own."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def in_our_words(error: BaseException) -> str:
    """Return why a request failed. The messages of the HTTP library hold what the server sent."""
    for each in _chain(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"the certificate was not accepted: {each.verify_message}"
        if isinstance(each, ssl.SSLError):
            return "the TLS handshake failed"
        if isinstance(each, OSError) and each.errno is not None and each.errno > 0 and not isinstance(each, TimeoutError):
            return f"the connection failed: {os.strerror(each.errno)}"
    if isinstance(error, httpcore.ProxyError):
        status = _STATUS.match(str(error))
        return f"the proxy answered {status_words(int(status[1]))}" if status else "the proxy refused"
    if isinstance(error, httpcore.RemoteProtocolError):
        return "the answer is not valid HTTP, or it ends early"
    if isinstance(error, httpcore.LocalProtocolError):
        return "the request can't be written as HTTP"
    if isinstance(error, httpcore.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpcore.ConnectError):
        return UNRESOLVED if str(error) == UNRESOLVED else "no connection"
    return "the connection was lost"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
