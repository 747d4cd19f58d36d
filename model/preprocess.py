"""The text the tokenizer sees: the same in training, in evaluation and in the engine."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from squall.core.text import TERMINAL_SEQUENCE

VERSION = 3
"""Part of the model version: raise it when the outcome of `prepare` changes."""

_TERMINAL = re.compile(TERMINAL_SEQUENCE)
_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_INSTRUMENT = re.compile(r"<[A-Z0-9.=]{1,12}>")
"""An agency's code of an instrument, as in "Toyo Seikan <5901.T>": labelled text has none, and networks take tone from its digits."""
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd\ud800-\udfff\u200b-\u200f\u2060\ufeff]")
_GIANT = re.compile(r"&#[0-9]{100,};?")
"""No character: Python refuses to read a number of more than 4300 digits."""
_ENTITY = re.compile(r"&(?:#\w+;?|\w{1,32};?)")
_SPACE = re.compile(r"\s{2,}|[^\S ]")
"""White space that is not one space already."""
_DROPPED = (_TERMINAL, _LINK, _INSTRUMENT, _UNREADABLE, _SPACE)
"""Each match becomes a space, in this order."""
_CHARS_PER_TOKEN = 24
"""A word-piece is rarely this long: bounds the work on a text that is far longer than the model reads."""


def prepare(text: str, max_tokens: int) -> str:
    """Return `text` without sequences for terminals, links, HTML entities, instrument codes in angle brackets and unreadable characters.

    White space is collapsed. Cut to a length that still fills `max_tokens`; the empty text stays empty.
    """
    text = text[: max_tokens * _CHARS_PER_TOKEN]
    text = html.unescape(_GIANT.sub("\ufffd", text)) if "&" in text else text
    for pattern in _DROPPED:
        text = pattern.sub(" ", text)
    return text.strip()


def prepare_aligned(text: str, max_tokens: int) -> tuple[str, list[int]]:
    """Return what `prepare` returns, and for each of its characters the offset in `text` it comes from."""
    text = text[: max_tokens * _CHARS_PER_TOKEN]
    origin = list(range(len(text)))
    text, origin = _replaced(_GIANT, text, origin, lambda _: "\ufffd")
    text, origin = _replaced(_ENTITY, text, origin, lambda match: html.unescape(match.group()))
    for pattern in _DROPPED:
        text, origin = _replaced(pattern, text, origin, lambda _: " ")
    skipped = len(text) - len(text.lstrip())
    text = text.strip()
    return text, origin[skipped : skipped + len(text)]


def _replaced(pattern: re.Pattern[str], text: str, origin: list[int], replacement: Callable[[re.Match[str]], str]) -> tuple[str, list[int]]:
    """`pattern.sub`, with the offsets carried along: a replacement comes from where its match began."""
    pieces: list[str] = []
    offsets: list[int] = []
    last = 0
    for match in pattern.finditer(text):
        new = replacement(match)
        pieces += (text[last : match.start()], new)
        offsets += origin[last : match.start()] + [origin[match.start()]] * len(new)
        last = match.end()
    return ("".join((*pieces, text[last:])), offsets + origin[last:]) if pieces else (text, origin)
