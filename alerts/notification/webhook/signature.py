"""The signature of a webhook request."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

TIMESTAMP_HEADER: Final = "X-Squall-Timestamp"
SIGNATURE_HEADER: Final = "X-Squall-Signature"


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the value of `X-Squall-Signature`: HMAC-SHA256 of timestamp, a full stop and the body, in hex.

    A receiver computes the same from the header `X-Squall-Timestamp` and the raw body, compares in constant time, and refuses timestamps
    that are minutes old, so that a recorded request can't be replayed.
    """
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
