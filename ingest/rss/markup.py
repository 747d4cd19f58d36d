"""HTML and XML markup → plain text."""

from __future__ import annotations

import html
import re

_TAG = re.compile(r"<(?:!--.*?--|/?[A-Za-z][^<>]*|![A-Za-z][^<>]*)>", re.DOTALL)
_HIDDEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)", re.DOTALL | re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_LONGEST_MARKUP = 200_000


def plain(markup: str) -> str:
    """Return `markup` without tags, scripts and entities, white space collapsed."""
    text = _HIDDEN.sub(" ", markup[:_LONGEST_MARKUP])
    return _SPACE.sub(" ", html.unescape(_TAG.sub(" ", text))).strip()
