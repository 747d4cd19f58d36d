"""Sentences of English news, by the marks at their ends and what stands around them. Linear: one pass, each look back is bounded."""

from __future__ import annotations

import re

Place = tuple[int, int]
"""Offsets of the first character and after the last one."""

LONGEST = 320
"""Characters after which a sentence without an end is parted, at a comma or the like where there is one: some 60 words."""
_LEAST = 100
"""Characters before a comma at which a long sentence is parted."""
_LOOK = 24
"""Characters that are looked at on either side of a break."""
_BREAK = re.compile(r"\s+|[。！？]")
_SPACE = re.compile(r"\s+")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+")
_FIRST_WORD = re.compile(r"[^\W_]+")
_CLOSING = "\"'”’»)]}*"
_MAY_END = ".!?…" + _CLOSING
_OPENING = "\"'“‘«([{*-–—•"
_CLAUSE = (",", ";", ":", "–", "—")
_BEFORE_NAME = frozenset(
    (
        *("mr", "mrs", "ms", "dr", "prof", "sen", "rep", "gov", "gen", "col", "lt", "capt", "sgt", "rev", "hon", "messrs"),
        *("st", "ft", "mt", "vs", "cf"),
    )
)
"""Abbreviations that more belongs to, whatever it is."""
_BEFORE_NUMBER = frozenset(
    (
        *("no", "nos", "art", "sec", "fig", "vol", "ch", "pp", "approx", "ca", "est", "rs", "cl"),
        *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"),
    )
)
"""Abbreviations that a number belongs to: "No. 2", "Jan. 5"; else they are words or ends."""
_WITHIN = frozenset(
    (
        *("corp", "inc", "co", "cos", "ltd", "plc", "llc", "llp", "lp", "bros", "intl", "mfg", "pty", "bhd", "pte", "gmbh", "kg", "ag"),
        *("sa", "nv", "spa", "jr", "sr", "dept", "univ", "assn", "bancorp", "hldgs", "grp", "natl"),
        *("bn", "bln", "mln", "pct", "etc", "yr", "qtr", "calif", "mass", "conn", "ill", "tenn", "fla", "tex", "ariz", "wash", "ont"),
    )
)
"""Abbreviations that end a sentence or stand within it, as initials do: "Apple Inc. The", "Apple Inc. Chief"."""
_OPENERS = frozenset(
    (
        *("the", "a", "an", "it", "its", "he", "she", "they", "we", "i", "you", "this", "that", "these", "those", "his", "her", "their"),
        *("our", "in", "on", "at", "by", "for", "from", "with", "after", "before", "since", "under", "as", "but", "and", "if", "when"),
        *("while", "where", "there", "however", "separately", "meanwhile", "earlier", "later", "still", "also", "according", "although"),
        *("despite", "last", "some", "shares", "analysts", "investors", "officials", "police", "what", "who", "why", "how", "no", "not"),
        *("now", "then", "so", "such"),
    )
)
"""Words that begin sentences rather than names."""


def sentences(text: str) -> list[Place]:
    """Return the places of the sentences of `text` in their order, without white space around them; together they hold every word.

    A blank line ends one; so does the end of a line, unless a small letter begins the next. One of more than some `LONGEST` characters is
    parted between words.
    """
    found: list[Place] = []
    start, clause = 0, -1
    for match in _BREAK.finditer(text):
        (blank, end), space = match.span(), match.group()
        stop = -1
        if not space.isspace():
            stop = end
        elif blank <= start:  # before the first word
            start = end
        elif (text[blank - 1] in _MAY_END or "\n" in space or "\r" in space) and _is_end(text, blank, end, space):
            stop = blank
        elif blank - start > LONGEST:
            stop = clause if clause - start >= _LEAST else blank
        elif text[blank - 1] in _CLAUSE:
            clause = blank
        if stop >= 0:
            found.append((start, stop))
            start, clause = _skipped(text, stop), -1
    last = len(text.rstrip())
    return [*found, (start, last)] if start < last else found


def _skipped(text: str, at: int) -> int:
    """Where white space ends that may begin at `at`."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _is_end(text: str, blank: int, after: int, space: str) -> bool:
    """Whether a sentence ends before the white space `space`, which goes from `blank` to `after`."""
    follows = text[after : after + _LOOK].lstrip(_OPENING)
    if "\n" in space or "\r" in space:
        return space.count("\n") > 1 or not follows[:1].islower()
    before = text[max(0, blank - _LOOK) : blank].rstrip(_CLOSING)
    if not before.endswith((".", "!", "?", "…")) or follows[:1].islower():
        return False
    if not before.endswith("."):
        return True
    words = before.split()
    word = words[-1].lstrip(_OPENING) if words else ""
    bare = word.rstrip(".").lower()
    if bare in _BEFORE_NAME:
        return False
    if bare in _BEFORE_NUMBER and follows[:1].isdigit():
        return False
    if bare in _WITHIN or _INITIALS.fullmatch(word):
        first = _FIRST_WORD.match(follows)
        return first is not None and first.group().lower() in _OPENERS
    return True
