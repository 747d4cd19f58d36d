"""The feed formats: RSS 2.0, Atom and RDF bytes → loosely typed document fields."""

from __future__ import annotations

import calendar
import io
from collections.abc import Iterator
from typing import Any

import feedparser

from squall.ingest.rss.markup import plain


class NotAFeedError(ValueError):
    """The answer is not RSS, Atom or RDF; the message shows how it begins."""


def parse_feed(body: bytes, content_type: str, url: str) -> list[dict[str, Any]]:
    """Return the fields of each entry for `squall.ingest.documents.build_document`, oldest last as in the feed.

    An entry without a date has no `published_at`. Titles and texts have no markup.

    Raises:
        NotAFeedError: `body` is no feed, for example an HTML page.
    """
    headers = {"content-type": content_type, "content-location": url}
    # a stream, never text: feedparser would fetch or open a string that looks like an address or a path
    parsed = feedparser.parse(io.BytesIO(body), response_headers=headers)
    if not parsed.get("version"):
        start = body[:60].decode("utf-8", "replace").strip()
        raise NotAFeedError(f"not RSS, Atom or RDF: {content_type or 'no content type'}, begins with {start!r}")
    language = str(parsed.feed.get("language") or "")
    return [_fields(entry, language) for entry in parsed.entries]


def _fields(entry: Any, language: str) -> dict[str, Any]:
    content = next(_values(entry), "") or entry.get("summary") or ""
    fields: dict[str, Any] = {
        "id": str(entry.get("id") or ""),
        "url": str(entry.get("link") or ""),
        "title": plain(str(entry.get("title") or "")),
        "text": plain(str(content)),
        "author": plain(str(entry.get("author") or "")),
        "language": language,
    }
    moment = entry.get("published_parsed") or entry.get("updated_parsed")
    if moment:
        fields["published_at"] = calendar.timegm(moment)  # feedparser's times are UTC
    return fields


def _values(entry: Any) -> Iterator[str]:
    for content in entry.get("content") or ():
        if str(content.get("type", "")).startswith(("text/", "application/xhtml")):
            yield str(content.get("value") or "")
