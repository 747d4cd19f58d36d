"""Who may see the page, and the headers that keep it harmless. Plain ASGI around the whole application."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from squall.core.config.settings import WebSettings
from squall.core.errors import ConfigurationError
from squall.core.net.addresses import is_loopback

COOKIE = "squall_page"
OPEN_PATHS = frozenset({"/healthz"})
READING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def check_access(settings: WebSettings) -> str:
    """Return the token, empty when none is needed.

    Raises:
        ConfigurationError: the page would be open to the network without one.
    """
    token = settings.token.get_secret_value().strip()
    if not token and not is_loopback(settings.host):
        raise ConfigurationError(
            f"the live page would be open to everybody who reaches {settings.host or 'this machine'}",
            "set SQUALL_WEB__TOKEN to a long random string, or SQUALL_WEB__HOST=127.0.0.1",
        )
    return token


class Gate:
    """Lets in who may see the page.

    With a token: `Authorization: Bearer`, or `?token=` once, which is traded for a cookie and taken out of the address.
    Without one: only requests addressed to this machine by name, so that no web site can rebind its own name to it.
    A request that changes something must be JSON, which no form of another site can send, and must come from this page where the browser
    says where it comes from.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token.encode()
        self._cookie = hmac.new(self._token, COOKIE.encode(), hashlib.sha256).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":  # nothing else is served here
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        request = Request(scope)
        refusal = None if scope["path"] in OPEN_PATHS else self._refuse(request) or _refuse_change(request)
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refuse(self, request: Request) -> Response | None:
        if not self._token:
            return None if is_loopback(_host(request.headers)) else _misdirected()
        if self._carries_token(request):
            return None
        offered = request.query_params.get("token", "")
        if hmac.compare_digest(offered.encode(), self._token):
            return self._welcome(request)
        hint = "This page needs its token: open it once with ?token=… (SQUALL_WEB__TOKEN), or send Authorization: Bearer …\n"
        return PlainTextResponse(hint, 401, {"WWW-Authenticate": "Bearer"})

    def _carries_token(self, request: Request) -> bool:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        bearer = scheme.lower() == "bearer" and hmac.compare_digest(value.strip().encode("latin-1"), self._token)
        return bearer or hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), self._cookie.encode())

    def _welcome(self, request: Request) -> Response:
        rest = [(name, value) for name, value in parse_qsl(request.url.query, keep_blank_values=True) if name != "token"]
        # one slash only: //elsewhere.example would lead away from here
        path = "/" + request.url.path.lstrip("/")
        response = RedirectResponse(path + ("?" + urlencode(rest) if rest else ""), 303)
        response.set_cookie(COOKIE, self._cookie, httponly=True, samesite="lax", secure=request.url.scheme == "https")
        return response


def _refuse_change(request: Request) -> Response | None:
    """Refuse what another site may have made the browser send. The port counts as well: other programs of this machine are other sites."""
    if request.method in READING:
        return None
    if not _is_own(request.headers):
        detail = "this request comes from another site; only Squall's own page, and programs, may change something"
        return JSONResponse({"detail": detail}, 403)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return JSONResponse({"detail": "a request that changes something needs the header Content-Type: application/json"}, 415)
    return None


def _is_own(headers: Headers) -> bool:
    """Say whether the request comes from a page of this very host and port, or from no page at all.

    The scheme is not compared: behind a proxy that ends TLS it is not known here.
    """
    if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    scheme, _, place = origin.lower().partition("://")
    return scheme in {"http", "https"} and bool(place) and place == headers.get("host", "").lower()


def _host(headers: Headers) -> str:
    try:
        return urlsplit("//" + headers.get("host", "")).hostname or ""
    except ValueError:
        return ""


def _misdirected() -> Response:
    return PlainTextResponse("This page answers to 127.0.0.1 and localhost only; behind a proxy set SQUALL_WEB__TOKEN.\n", 421)
