"""What agencies put around a headline: prefixes (`UPDATE 1-`, `RT @desk:`) and a signature (` - Reuters`).

Scanned from one end, each character a bounded number of times: the texts are foreign, and a pattern that backtracks could be made to hold
the process for minutes.
"""

from __future__ import annotations

from typing import Final

_PREFIXES: Final = ("update", "wrapup", "rpt", "corrected", "refile", "exclusive", "breaking", "adds", "snap", "analysis", "column", "poll")
_NUMBERED: Final = ("update", "wrapup")
_RETWEET: Final = "rt"
_LONGEST_PREFIX: Final = max(map(len, _PREFIXES))
_PREFIX_DASHES: Final = "-:–"
_SIGNATURE_DASHES: Final = "-–|"
_SIGNATURE_WORDS: Final = 3


def without_prefixes(text: str) -> str:
    """Return `text` without the prefixes it begins with, in any case; each ends with dashes or colons, `RT @name` also without."""
    start = 0
    while (end := _prefix_end(text, start)) > start:
        start = end
    return text[start:]


def without_signature(text: str) -> str:
    """Return stripped `text` without a last part of one to three capitalised words after a dash or bar that follows white space."""
    start = len(text)
    for _ in range(_SIGNATURE_WORDS):
        end = start
        while start > 0 and (_is_word(text[start - 1]) or text[start - 1] == "."):
            start -= 1
        if start == end or not "A" <= text[start] <= "Z":
            return text
        gap = _spaces_begin(text, start)
        if gap > 0 and text[gap - 1] in _SIGNATURE_DASHES:
            dash = gap - 1
            begin = _spaces_begin(text, dash)
            return text[:begin] if begin < dash else text
        if start - gap != 1:
            return text
        start = gap
    return text


def _prefix_end(text: str, start: int) -> int:
    """Return where the prefix at `start` ends; `start` where there is none."""
    head = text[start : start + _LONGEST_PREFIX].lower()
    if head.startswith(_RETWEET):
        return _retweet_end(text, start)
    for word in _PREFIXES:
        if head.startswith(word):
            end = start + len(word)
            if word in _NUMBERED:
                end = _digits_end(text, _spaces_end(text, end))
            dashed = _dashes_end(text, end)
            return dashed if dashed > end else start
    return start


def _retweet_end(text: str, start: int) -> int:
    at = _spaces_end(text, start + len(_RETWEET))
    if at == start + len(_RETWEET) or text[at : at + 1] != "@":
        return start
    end = name = at + 1
    while end < len(text) and _is_word(text[end]):
        end += 1
    if end == name:
        return start
    end += text[end : end + 1] == ":"
    dashed = _dashes_end(text, end)
    return dashed if dashed > end else _spaces_end(text, end)


def _dashes_end(text: str, start: int) -> int:
    """Return where white space, dashes and white space at `start` end; `start` where there is no dash."""
    end = dashes = _spaces_end(text, start)
    while end < len(text) and text[end] in _PREFIX_DASHES:
        end += 1
    return _spaces_end(text, end) if end > dashes else start


def _spaces_end(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def _spaces_begin(text: str, end: int) -> int:
    while end > 0 and text[end - 1].isspace():
        end -= 1
    return end


def _digits_end(text: str, start: int) -> int:
    while start < len(text) and text[start].isdecimal():
        start += 1
    return start


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
