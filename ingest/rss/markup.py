"""HTML and XML markup → plain text."""

from __future__ import annotations

import html
import re

_HIDDEN = re.compile(r"<(script|style)\b", re.IGNORECASE)
_HIDDEN_END = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style")}
_SPACE = re.compile(r"\s+")
_LONG_NUMBER = re.compile(r"&#(?:[0-9]{10,}|[xX][0-9a-fA-F]{10,});?")
"""A character reference beyond any code point: `html.unescape` fails on thousands of digits."""
_LONGEST_MARKUP = 200_000


def plain(markup: str) -> str:
    """Return `markup` without tags, scripts and entities, white space collapsed."""
    text = without_tags(without_scripts(markup[:_LONGEST_MARKUP]))
    return _SPACE.sub(" ", html.unescape(_LONG_NUMBER.sub("\ufffd", text))).strip()


def without_scripts(markup: str) -> str:
    """Return `markup` with a space for each script and style sheet; one without an end reaches to the end of the text. Linear in time."""
    parts: list[str] = []
    done = 0
    while (start := _HIDDEN.search(markup, done)) is not None:
        end = _HIDDEN_END[start[1].lower()].search(markup, start.end())
        parts += (markup[done : start.start()], " ")
        done = end.end() if end else len(markup)
    return "".join((*parts, markup[done:]))


def without_tags(markup: str) -> str:
    """Return `markup` with a space for each tag, comment and declaration; a `<` that begins none of them stays.

    One pass whose time is linear in the length: markup is foreign, and a pattern that backtracks could be made to hold the process.
    """
    parts: list[str] = []
    done, at, comments = 0, markup.find("<"), True
    while at >= 0:
        if comments and markup.startswith("<!--", at):
            end = markup.find("-->", at + 4)
            comments = end >= 0  # no end beyond here: the rest is not searched again for each beginning
            end += 2 if comments else 0
        else:
            end = _tag_end(markup, at)
        if end > at:
            parts += (markup[done:at], " ")
            done = end + 1
        at = markup.find("<", max(at + 1, done))
    return "".join((*parts, markup[done:]))


def _tag_end(markup: str, start: int) -> int:
    """Return where the `>` of the tag that begins at `start` is; -1 where it is no tag."""
    name = start + 1 + (markup[start + 1 : start + 2] in ("/", "!"))
    if not (markup[name : name + 1].isascii() and markup[name : name + 1].isalpha()):
        return -1
    following = markup.find("<", name)
    return markup.find(">", name, following if following >= 0 else len(markup))
