"""Numeric references to what is no character: `&#55357;&#56832;` are the halves of an emoji that was written in UTF-16 and then escaped."""

from __future__ import annotations

import re
from typing import Final

_FIRST: Final = r"(?:[xX]0{0,4}[dD][89abAB][0-9a-fA-F]{2}|0{0,4}(?:5529[6-9]|55[3-9][0-9]{2}|56[0-2][0-9]{2}|563[01][0-9]))"
_SECOND: Final = (
    r"(?:[xX]0{0,4}[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|0{0,4}(?:563[2-9][0-9]|56[4-9][0-9]{2}|57[0-2][0-9]{2}|573[0-3][0-9]|5734[0-3]))"
)
_PATTERN: Final = f"&#(?:({_FIRST});&#({_SECOND})|{_FIRST}|{_SECOND});"
_NUMBER: Final = re.compile(rb"&#(?:[xX]([0-9a-fA-F]++)|([0-9]++));")
_LARGEST: Final = 0x10FFFF
_IN_TEXT: Final = re.compile(_PATTERN)
_IN_BYTES: Final = re.compile(_PATTERN.encode())
_REPLACEMENT: Final = 0xFFFD
_LONGEST: Final = 10


def without_halves(text: str) -> str:
    """Return `text` with one reference in place of each pair of halves, and one to U+FFFD in place of each half alone."""
    return _IN_TEXT.sub(lambda found: _reference(found[1], found[2]), text) if "&#" in text else text


def only_characters(body: bytes) -> bytes:
    """Return what `without_halves` does, of text in an encoding in which ASCII characters are single bytes.

    A reference beyond the last character of Unicode becomes one to U+FFFD too, as in HTML.
    """

    def reference(found: re.Match[bytes]) -> bytes:
        first, second = found[1], found[2]
        return _reference(first.decode() if first else None, second.decode() if second else None).encode()

    def bounded(found: re.Match[bytes]) -> bytes:
        digits, base = (found[1], 16) if found[1] else (found[2], 10)
        digits = digits.lstrip(b"0")
        return found[0] if len(digits) < _LONGEST and int(digits or b"0", base) <= _LARGEST else _reference(None, None).encode()

    return _IN_BYTES.sub(reference, _NUMBER.sub(bounded, body)) if b"&#" in body else body


def _reference(first: str | None, second: str | None) -> str:
    if not first or not second:
        return f"&#{_REPLACEMENT};"
    return f"&#{0x10000 + ((_number(first) - 0xD800) << 10) + _number(second) - 0xDC00};"


def _number(digits: str) -> int:
    return int(digits[1:], 16) if digits[0] in "xX" else int(digits)
