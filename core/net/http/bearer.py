"""Bearer tokens: read from a request and compared in constant time."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers


def bearer_token(headers: Headers) -> bytes:
    """Return the token of `Authorization: Bearer …` as it was sent; empty without one."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip().encode("latin-1") if scheme.lower() == "bearer" else b""


def is_token(given: bytes, token: bytes) -> bool:
    """Return whether `given` is `token`; the time that it takes does not tell how much of it is right."""
    return hmac.compare_digest(given, token)
