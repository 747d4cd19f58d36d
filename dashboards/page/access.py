"""Who may see the page: token, host name and origin checks. Plain ASGI around the whole application."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from squall.core.config.settings import WebSettings
from squall.core.errors import ConfigurationError
from squall.core.net.addresses import is_loopback

COOKIE = "squall_page"
OPEN_PATHS = frozenset({"/healthz"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


def check_access(settings: WebSettings) -> str:
    """Return the token; empty if none is needed.

    Raises:
        ConfigurationError: the page would be open to the network without a token.
    """
    token = settings.token.get_secret_value().strip()
    if not token and not is_loopback(settings.host):
        raise ConfigurationError(
            f"the live page on {settings.host or 'all addresses'} would be open to the network without a token",
            "set SQUALL_WEB__TOKEN to a long random string, or SQUALL_WEB__HOST to 127.0.0.1",
        )
    return token


class AccessControlMiddleware:
    """Refuses requests that may not see or change the page.

    With a token: `Authorization: Bearer`, or `?token=` once, which is exchanged for a cookie and removed from the address.
    Without a token: only requests whose Host header names this machine, which blocks DNS rebinding.
    A request that changes something must be JSON, which a form on another site cannot send, and must come from this page if the browser
    sends its origin.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()
        self._cookie = hmac.new(self._token, COOKIE.encode(), hashlib.sha256).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":  # nothing else is served here
            return
        request = Request(scope)
        refusal = None if scope["path"] in OPEN_PATHS else self._refuse(request) or _refuse_change(request)
        await (refusal or self._app)(scope, receive, send)

    def _refuse(self, request: Request) -> Response | None:
        if not self._token:
            return None if is_loopback(_host(request.headers)) else _misdirected()
        if self._carries_token(request):
            return None
        offered = request.query_params.get("token", "")
        if hmac.compare_digest(offered.encode(), self._token):
            return self._exchange_token(request)
        hint = "This page requires a token: open it once with ?token=… (SQUALL_WEB__TOKEN), or send Authorization: Bearer …\n"
        return PlainTextResponse(hint, 401, {"WWW-Authenticate": "Bearer"})

    def _carries_token(self, request: Request) -> bool:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        bearer = scheme.lower() == "bearer" and hmac.compare_digest(value.strip().encode("latin-1"), self._token)
        return bearer or hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self._cookie.encode())

    def _exchange_token(self, request: Request) -> Response:
        rest = [(name, value) for name, value in parse_qsl(request.url.query, keep_blank_values=True) if name != "token"]
        # one slash only: //elsewhere.example would redirect to another host
        path = "/" + request.url.path.lstrip("/")
        response = RedirectResponse(path + ("?" + urlencode(rest) if rest else ""), 303)
        response.set_cookie(COOKIE, self._cookie, httponly=True, samesite="lax", secure=request.url.scheme == "https")
        return response


def _refuse_change(request: Request) -> Response | None:
    """Refuse a change that another site may have made the browser send. Another port on this machine is another site."""
    if request.method in SAFE_METHODS:
        return None
    if not _is_same_origin(request.headers):
        detail = "this request comes from another site; only Squall's own page and programs outside a browser can make changes"
        return JSONResponse({"detail": detail}, 403)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return JSONResponse({"detail": "requests that make changes require the header Content-Type: application/json"}, 415)
    return None


def _is_same_origin(headers: Headers) -> bool:
    """Return whether the request comes from a page of this host and port, or from no page at all.

    The scheme is not compared: behind a proxy that terminates TLS it is not known here.
    """
    if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    scheme, _, authority = origin.lower().partition("://")
    return scheme in {"http", "https"} and bool(authority) and authority == headers.get("host", "").lower()


def _host(headers: Headers) -> str:
    try:
        return urlsplit("//" + headers.get("host", "")).hostname or ""
    except ValueError:
        return ""


def _misdirected() -> Response:
    return PlainTextResponse("This page answers only to 127.0.0.1 and localhost; behind a proxy, set SQUALL_WEB__TOKEN.\n", 421)
