"""Foreign text where it could be taken for something else: on a terminal, in a log line, in a cell of a spreadsheet."""

from __future__ import annotations

from typing import Final

_CONTROLS: Final = (*range(0x20), *range(0x7F, 0xA0))
_MARKS: Final = (0x061C, 0x200B, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2060, 0x206A), 0xFEFF, *range(0xD800, 0xE000))
"""Line separators, direction marks, invisible characters and halves of surrogate pairs; the joiners stay, which scripts and emoji need."""
_VISIBLE: Final = {code: f"\\u{code:04x}" for code in (*_CONTROLS, *_MARKS)}
_LINES: Final = {code: written for code, written in _VISIBLE.items() if chr(code) not in "\n\t"}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters that make a spreadsheet calculate a cell, with their full-width forms (OWASP, CSV injection)."""


def visible(text: str, limit: int = 0) -> str:
    r"""Return `text` on one line: control characters, direction marks and lone surrogates become `\u001b` and the like.

    Args:
        text: any text.
        limit: the most characters that are kept; 0: all.

    The escapes are those of JSON, so JSON text keeps its meaning.
    """
    if limit and len(text) > limit:
        text = text[: limit - 1] + "…"
    return text if text.isprintable() else text.translate(_VISIBLE)


def visible_lines(text: str) -> str:
    """Return `text` as `visible` does, but keep line feeds and tabs."""
    return text if text.isprintable() else text.translate(_LINES)


def spreadsheet_cell(value: object) -> object:
    """Return `value` for a CSV file: text that a spreadsheet would take for a formula gets a `'` before it; numbers stay as they are."""
    if not isinstance(value, str) or not value.lstrip(" ").startswith(_FORMULA) or _is_number(value):
        return value
    return "'" + value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii() and "_" not in text and text == text.strip()
