"""References that parsers of XML refuse: ampersands that begin none (`AT&T`, `?a=1&copy=3`), and halves of an emoji."""

from __future__ import annotations

import re
from typing import Final

from squall.core.cleaning.character_references import only_characters

_BARE: Final = re.compile(rb"&(?!(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);)")
_CDATA: Final = (b"<![CDATA[", b"]]>")
_NOT_ASCII: Final = (b"\x00", b"\x1b")
"""In UTF-16, UTF-32 and ISO-2022 the byte of an ampersand may be half of another character."""


def escaped(body: bytes) -> bytes:
    """Return a feed in which every `&` that begins no reference is written as `&amp;`, so that a parser takes it as it is written.

    References to both halves of a character become one to the character, one to a half alone is to U+FFFD.

    A reference ends with a semicolon. CDATA sections stay as they are. Linear in time.
    """
    if b"&" not in body or any(byte in body for byte in _NOT_ASCII):
        return body
    parts: list[bytes] = []
    done = 0
    while (start := body.find(_CDATA[0], done)) >= 0:
        end = body.find(_CDATA[1], start)
        end = len(body) if end < 0 else end
        parts += (_mended(body[done:start]), body[start:end])
        done = end
    return b"".join((*parts, _mended(body[done:])))


def _mended(body: bytes) -> bytes:
    return only_characters(_BARE.sub(b"&amp;", body))
