"""Who may see and change the page. Plain ASGI around the whole application."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from squall.core.config.settings import WebSettings
from squall.core.errors import ConfigurationError
from squall.core.net.addresses import is_loopback
from squall.core.net.http.bearer import bearer_token, is_token
from squall.core.net.http.host_gate import SAFE_METHODS

COOKIE = "squall_page"
OPEN_PATHS = frozenset({"/healthz"})


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
    """Refuses requests that may not see or change the page; `squall.core.net.http.host_gate` stands before it.

    With a token: `Authorization: Bearer`, or `?token=` once, which is exchanged for a cookie and removed from the address.
    A request that changes something must be JSON.
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
        if not self._token or self._carries_token(request):
            return None
        offered = request.query_params.get("token", "")
        if is_token(offered.encode(), self._token):
            return self._exchange_token(request)
        hint = "This page requires a token: open it once with ?token=… (SQUALL_WEB__TOKEN), or send Authorization: Bearer …\n"
        return PlainTextResponse(hint, 401, {"WWW-Authenticate": "Bearer"})

    def _carries_token(self, request: Request) -> bool:
        cookie = request.cookies.get(COOKIE, "").encode()
        return is_token(bearer_token(request.headers), self._token) or is_token(cookie, self._cookie.encode())

    def _exchange_token(self, request: Request) -> Response:
        rest = [(name, value) for name, value in parse_qsl(request.url.query, keep_blank_values=True) if name != "token"]
        # one slash only: //elsewhere.example would redirect to another host
        path = "/" + request.url.path.lstrip("/")
        response = RedirectResponse(path + ("?" + urlencode(rest) if rest else ""), 303)
        response.set_cookie(COOKIE, self._cookie, httponly=True, samesite="lax", secure=request.url.scheme == "https")
        return response


def _refuse_change(request: Request) -> Response | None:
    """Refuse a change that is not JSON: a form on another site can send anything else."""
    if request.method in SAFE_METHODS:
        return None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return JSONResponse({"detail": "requests that make changes require the header Content-Type: application/json"}, 415)
    return None
