"""The text the tokenizer sees: the same in training, in evaluation and in the engine."""

from __future__ import annotations

import html
import re

VERSION = 1
"""Part of the model version: raise it when the outcome of `prepare` changes."""

_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ud800-\udfff\u200b-\u200f\u2060\ufeff]")
_SPACE = re.compile(r"\s+")
_CHARS_PER_TOKEN = 24
"""A word-piece is rarely this long: bounds the work on a text that is far longer than the model reads."""


def prepare(text: str, max_tokens: int) -> str:
    """Return `text` without links, HTML entities and unreadable characters, white space collapsed.

    Cut to a length that still fills `max_tokens`; the empty text stays empty.
    """
    text = text[: max_tokens * _CHARS_PER_TOKEN]
    text = html.unescape(text) if "&" in text else text
    return _SPACE.sub(" ", _UNREADABLE.sub(" ", _LINK.sub(" ", text))).strip()
