"""Which documents a request may send: bearer tokens, each bound to sources."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from fastapi import HTTPException
from starlette.datastructures import Headers

from squall.core.config.settings import PushSettings, PushTokenSettings
from squall.core.errors import ConfigurationError
from squall.core.net.addresses import is_loopback
from squall.core.net.http.bearer import bearer_token, is_token


def check_tokens(settings: PushSettings) -> None:
    """Refuse an endpoint that is open to other machines.

    Raises:
        ConfigurationError: an address other than loopback without a token.
    """
    if not settings.tokens and not is_loopback(settings.host):
        raise ConfigurationError(
            f"pushing on {settings.host} is open to other machines and has no token",
            """set SQUALL_PUSH__TOKENS='[{"name": "desk", "token": "…", "sources": ["*"]}]', or host 127.0.0.1""",
        )


def authorise(headers: Headers, tokens: Sequence[PushTokenSettings]) -> PushTokenSettings | None:
    """Return the token of a request; None if there are no tokens.

    All are compared, as hashes of one length: the time does not tell which was close.

    Raises:
        HTTPException: 401, the request carries none of them.
    """
    if not tokens:
        return None
    given = _digest(bearer_token(headers))
    found = [token for token in tokens if is_token(given, _digest(token.token.get_secret_value().encode()))]
    if not found:
        raise HTTPException(401, "a valid bearer token is required", {"WWW-Authenticate": "Bearer"})
    return found[0]


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
