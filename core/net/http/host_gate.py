"""Which Host and Origin a request may have. Plain ASGI before every listener's application.

DNS rebinding makes a browser send requests of a foreign page to this machine under a name of that page's domain. Browsers always send
that name in the Host header.
"""

from __future__ import annotations

import ipaddress
import socket
import string
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from squall.core.net.addresses import is_loopback

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
PRIVATE_SUFFIXES: Final = (".svc", ".cluster.local", ".internal")
"""Names that no public DNS server answers: those of a Kubernetes cluster, and the domain reserved for private use."""
_NAME: Final = frozenset(string.ascii_letters + string.digits + "-._")


@dataclass(frozen=True, slots=True)
class HostRule:
    """Which hosts a listener answers to.

    Args:
        listener: for messages, as `the live page`.
        setting: names `allowed_hosts`, as `SQUALL_WEB__ALLOWED_HOSTS`.
        bound: the address that it listens on.
        allowed_hosts: further names, with * and ?.
        login: requests carry a secret, which a foreign page does not have: any host is allowed.
    """

    listener: str
    setting: str
    bound: str
    allowed_hosts: Sequence[str] = ()
    login: bool = False

    def allows(self, header: str | None) -> bool:
        """Return whether a request with this Host header is answered; None: without one, which browsers never are."""
        if self.login or header is None:
            return True
        name = host_name(header)
        if not name:
            return False
        if is_loopback(name) or any(fnmatchcase(name, pattern.lower()) for pattern in self.allowed_hosts):
            return True
        return not is_loopback(self.bound) and _is_private(name)


def host_name(header: str) -> str:
    """Return the lower-case name or address in a Host header, without port, brackets and final dot; empty if it is not valid."""
    if header.startswith("["):
        name, closed, port = header[1:].partition("]")
        if not closed or _address(name) is None:
            return ""
        port = port.removeprefix(":")
    else:
        name, _, port = header.partition(":")
        if not set(name) <= _NAME:
            return ""
    return name.lower().rstrip(".") if not port or (port.isascii() and port.isdigit()) else ""


def _is_private(name: str) -> bool:
    """Return whether no foreign domain can have this name: an address, a name without a dot, one of a cluster, or this machine's."""
    return _address(name) is not None or "." not in name or name.endswith(PRIVATE_SUFFIXES) or name == socket.gethostname().lower()


def _address(name: str) -> object | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None


class HostGateMiddleware:
    """Answers 421 to a Host that `rule` does not allow, and 403 to a change that another site makes a browser send."""

    def __init__(self, app: ASGIApp, rule: HostRule) -> None:
        self._app = app
        self._rule = rule

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":  # nothing else is served here
            return
        headers = Headers(scope=scope)
        refusal = None
        if not self._rule.allows(headers.get("host")):
            refusal = self._misdirected()
        elif scope["method"] not in SAFE_METHODS and not is_same_origin(headers):
            refusal = _foreign()
        await (refusal or self._app)(scope, receive, send)

    def _misdirected(self) -> Response:
        rule = self._rule
        names = "127.0.0.1 and localhost" if is_loopback(rule.bound) else "addresses and private names"
        return PlainTextResponse(f"Host not allowed: {rule.listener} answers to {names}; name others in {rule.setting}.\n", 421)


def is_same_origin(headers: Headers) -> bool:
    """Return whether the request comes from a page of this host and port, or from no page at all. Another port is another site.

    The scheme is not compared: behind a proxy that terminates TLS it is not known here.
    """
    if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        return False
    origins = headers.getlist("origin")
    if not origins:
        return True
    origin = origins[0] if len(origins) == 1 else ""  # a browser sends one
    scheme, _, authority = origin.lower().partition("://")
    return scheme in {"http", "https"} and bool(authority) and authority == headers.get("host", "").lower()


def _foreign() -> Response:
    detail = "this request comes from another site; only Squall's own page and programs outside a browser can make changes"
    return JSONResponse({"detail": detail}, 403)
