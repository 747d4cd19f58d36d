"""HTML and XML markup → plain text."""

from __future__ import annotations

import html
import re

_HIDDEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)", re.DOTALL | re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_LONGEST_MARKUP = 200_000


def plain(markup: str) -> str:
    """Return `markup` without tags, scripts and entities, white space collapsed."""
    text = _HIDDEN.sub(" ", markup[:_LONGEST_MARKUP])
    return _SPACE.sub(" ", html.unescape(without_tags(text))).strip()


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
