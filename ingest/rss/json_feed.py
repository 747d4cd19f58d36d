"""JSON Feed, versions 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/): bytes → loosely typed document fields."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from email.message import Message
from typing import Any, Final
from urllib.parse import urljoin

import orjson

from squall.core.cleaning.markup import fullest, plain

_BEFORE: Final = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"
"""Blanks and byte order marks, also of UTF-16 and UTF-32."""
_DATES: Final = ("date_published", "date_modified")


def looks_like_json(body: bytes) -> bool:
    """Whether `body` begins as a JSON object does."""
    return body[:1_000].lstrip(_BEFORE)[:1] == b"{"


def parse_json_feed(body: bytes, url: str, content_type: str = "") -> list[dict[str, Any]] | None:
    """Return the fields of each item, in the order of the feed; None where `body` is no such feed.

    What is not as the specification has it is read as it is meant: a number as an id, one author instead of a list. An item that is no
    object has no fields.

    Args:
        body: JSON.
        url: what relative links are resolved against.
        content_type: as the server names it; its `charset` counts where the body is not in UTF-8, UTF-16 or UTF-32.
    """
    feed = _loaded(body, content_type)
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list) or "jsonfeed.org/version/" not in str(feed.get("version")):
        return None
    return [_fields(item if isinstance(item, dict) else {}, feed, url) for item in items]


def _loaded(body: bytes, content_type: str) -> Any:
    text = _decoded(body, content_type)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # also half a surrogate pair in one of its texts
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None


def _decoded(body: bytes, content_type: str) -> str:
    header = Message()
    header["Content-Type"] = content_type
    for encoding in (json.detect_encoding(body), header.get_content_charset("")):
        with contextlib.suppress(UnicodeError, LookupError):
            return body.decode(encoding)
    return body.decode("utf-8-sig", "replace")


def _fields(item: dict[str, Any], feed: dict[str, Any], url: str) -> dict[str, Any]:
    link = _text(item.get("url")) or _text(item.get("external_url"))
    return {
        "id": _text(item.get("id")),
        "url": _absolute(url, link),
        "title": _literal(item.get("title")),
        "text": fullest(_texts(item)),
        "author": _authors(item) or _authors(feed),
        "language": _text(item.get("language") or feed.get("language")),
        "dates": list(dict.fromkeys(date for name in _DATES if (date := _text(item.get(name)).strip()))),
    }


def _absolute(url: str, link: str) -> str:
    try:
        return urljoin(url, link) if link else ""
    except ValueError:  # as `http://[::1`: no address, which costs the item its link and nothing else
        return ""


def _texts(item: dict[str, Any]) -> Iterator[str]:
    """Yield what may be the item's text: the whole as HTML or as plain text, and a summary, which may say more than an image."""
    yield plain(_text(item.get("content_html")))
    yield _literal(item.get("content_text"))
    yield _literal(item.get("summary"))


def _literal(value: Any) -> str:
    """Return a plain text as it is, unless it holds an end tag: that was meant as HTML."""
    text = _text(value)
    return plain(text) if "</" in text else " ".join(text.split())


def _authors(holder: dict[str, Any]) -> str:
    listed = holder.get("authors")
    found = listed if isinstance(listed, list) and listed else [holder.get("author")]
    names = [_literal(author.get("name") if isinstance(author, dict) else author) for author in found]
    return ", ".join(filter(None, names))


def _text(value: Any) -> str:
    """Return a text or number as text without lone surrogates; empty for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).encode("utf-8", "replace").decode()
