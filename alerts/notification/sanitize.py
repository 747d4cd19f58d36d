"""Makes text and links from outside safe to put into a header, a mail or a request."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

MAX_TITLE: Final = 200
_SPACE: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_UNUSUAL_SPACE: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Zero-width and direction marks: they can make a subject or a link read as something else."""


def one_line(text: str, limit: int = MAX_TITLE) -> str:
    """Return `text` on one line, without control and direction characters, at most `limit` characters: safe in a header."""
    flat = _SPACE.sub(" ", _UNUSUAL_SPACE.sub("", text)).strip()
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def safe_link(url: str) -> str:
    """Return `url` when it is a plain http(s) address, else an empty string."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    clean = parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"[\s<>\"'`\\\x00-\x1f\x7f]", url)
    return url if clean else ""
