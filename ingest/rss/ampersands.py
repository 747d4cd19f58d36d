"""Ampersands that feeds forget to escape: `AT&T`, and links such as `?a=1&copy=3`."""

from __future__ import annotations

import re
from typing import Final

_BARE: Final = re.compile(rb"&(?!(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);)")
_CDATA: Final = (b"<![CDATA[", b"]]>")
_NOT_ASCII: Final = (b"\x00", b"\x1b")
"""In UTF-16, UTF-32 and ISO-2022 the byte of an ampersand may be half of another character."""


def escaped(body: bytes) -> bytes:
    """Return a feed in which every `&` that begins no reference is written as `&amp;`, so that a parser takes it as it is written.

    A reference ends with a semicolon. CDATA sections stay as they are. Linear in time.
    """
    if b"&" not in body or any(byte in body for byte in _NOT_ASCII):
        return body
    parts: list[bytes] = []
    done = 0
    while (start := body.find(_CDATA[0], done)) >= 0:
        end = body.find(_CDATA[1], start)
        end = len(body) if end < 0 else end
        parts += (_BARE.sub(b"&amp;", body[done:start]), body[start:end])
        done = end
    return b"".join((*parts, _BARE.sub(b"&amp;", body[done:])))
