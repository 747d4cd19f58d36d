"""The feed formats: RSS 2.0, Atom, RDF and JSON Feed bytes → loosely typed document fields.

Runs in the parser's own process (`parser/process.py`): what feedparser does with a hostile feed is bounded there.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urljoin, urlsplit, urlunsplit

import feedparser

from squall.core.cleaning.markup import fullest, plain
from squall.ingest.identity import is_no_id
from squall.ingest.rss.ampersands import escaped
from squall.ingest.rss.json_feed import looks_like_json, parse_json_feed

_LONG_TAG: Final = re.compile(rb"<[^<>!?][^<>]{65535,}")
"""The time that feedparser takes for a tag grows with the square of the number of its attributes."""
_NO_FEED: Final = "not RSS, Atom, RDF or JSON Feed, but"
_HTML: Final = (b"<!doctype html", b"<html")
_FIRST_ELEMENT: Final = re.compile(rb"<\w")
_DOCTYPE: Final = re.compile(rb"(?<=[^\s])<!DOCTYPE", re.IGNORECASE)
_ALTERNATE: Final = "http://www.iana.org/assignments/relation/alternate"
"""Atom's other name of the relation `alternate` (RFC 4287)."""


def _start_caption(parser: Any, attributes: dict[str, str]) -> None:
    parser.push_content("media_description", attributes, "text/html", 1)


def _end_caption(parser: Any) -> None:
    parser.pop_content("media_description")


def _end_dc_title(parser: Any) -> None:
    depth = parser.title_depth
    parser._end_title()
    parser.title_depth = depth


_Mixin = feedparser.mixin._FeedParserMixin
# guids as they are written: `1`, resolved against the feed, would look like an address that is unique everywhere
_Mixin.can_be_relative_uri.discard("id")
# what is said of a photo is not what the entry says
_Mixin._start_media_description, _Mixin._end_media_description = _start_caption, _end_caption
# the title of RSS goes before that of Dublin Core, wherever it stands
_Mixin._end_dc_title = _end_dc_title


class MarkupError(ValueError):
    """Markup that is not parsed; the message repeats nothing of it."""


class NotAFeedError(ValueError):
    """The answer is not RSS, Atom, RDF or JSON Feed; the message repeats nothing of it."""


def parse_feed(body: bytes, content_type: str, url: str) -> list[dict[str, Any]]:
    """Return the fields of each entry for `squall.ingest.documents.build_document`, oldest last as in the feed.

    The field `dates` lists what it says of its time, as written, the first publication first. Titles and texts have no markup.

    Args:
        body: the feed.
        content_type: as the server names it.
        url: what relative links are resolved against; see `base_url`.

    Raises:
        NotAFeedError: `body` is no feed, for example an HTML page.
        MarkupError: a tag is longer than 64 KB.
        Exception: feedparser fails; one entry is enough.
    """
    if looks_like_json(body):
        items = parse_json_feed(body, url, content_type)
        if items is None:
            raise NotAFeedError(f"{_NO_FEED} other or broken JSON")
        return items
    if _LONG_TAG.search(body):
        raise MarkupError("a tag is longer than 64 KB")
    headers = {"content-type": content_type, "content-location": url}
    body = _with_doctype_on_a_line(escaped(body))
    # a stream, never text: feedparser would fetch or open a string that looks like an address or a path. No sanitizer and no links inside
    # of texts: `plain` drops the markup
    parsed = feedparser.parse(io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    html = body.lstrip()[:14].lower().startswith(_HTML)
    if not parsed.get("version") and (html or not parsed.entries):  # CDF has no version
        what = "an HTML page" if html else "something else"
        raise NotAFeedError(f"{_NO_FEED} {what if body.strip() else 'empty'}")
    language = str(parsed.feed.get("language") or "")
    atom = parsed.version.startswith("atom")
    author = _author(parsed.feed) if atom else ""  # in Atom an entry without one has that of its feed
    return [_fields(entry, language, author, url, atom=atom) for entry in parsed.entries]


def base_url(url: str) -> str:
    """Return `url` without user, password, query and fragment: links made from it are shown, and those parts often hold a secret."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _with_doctype_on_a_line(body: bytes) -> bytes:
    """Return a feed whose document type stands at the beginning of a line: feedparser removes it only there.

    With one that refers to another file (RSS 0.91), the XML parser drops names such as `&eacute;` without an error.
    """
    element = _FIRST_ELEMENT.search(body)
    head = body[: element.start()] if element else b""
    return _DOCTYPE.sub(b"\n<!DOCTYPE", head, count=1) + body[len(head) :]


def _fields(entry: Any, language: str, author: str, url: str, *, atom: bool) -> dict[str, Any]:
    return {
        "id": _text(entry.get("id")),
        "url": _link(entry, url),
        "title": _prose(entry.get("title_detail") or {"value": entry.get("title")}, atom=atom),
        "text": fullest(_texts(entry, atom=atom)) or _prose(entry.get("media_description_detail") or {}, atom=atom),
        "author": _author(entry) or author,
        "language": _language(entry) or language,
        "dates": list(dict.fromkeys(date for name in ("published", "created", "updated") if (date := _text(entry.get(name)).strip()))),
    }


def _language(entry: Any) -> str:
    """Return the language that an entry names, by `dc:language` or by `xml:lang` around its title; empty if it names none."""
    return _text(entry.get("language") or (entry.get("title_detail") or {}).get("language"))


def _author(entry: Any) -> str:
    """Return the author, or the names of several: feedparser's `author` mixes what is said of them."""
    names = [_text(author.get("name")) for author in entry.get("authors") or ()]
    return plain(", ".join(filter(None, names)) if len(names) > 1 else _text(entry.get("author")))


def _link(entry: Any, url: str) -> str:
    """Return the entry's link; a guid counts as one only where it is an address or a path."""
    link = _text(entry.get("link"))
    if link != _text(entry.get("id")) or "://" in link:
        return link
    named = next((_text(one.get("href")) for one in entry.get("links") or () if one.get("rel") == _ALTERNATE), "")
    if named:
        return named
    return urljoin(url, link) if "/" in link and not is_no_id(link) and ":" not in link else ""


def _texts(entry: Any, *, atom: bool) -> Iterator[str]:
    """Yield what may be the entry's text: a full text may be an image only, and a summary say more."""
    for content in entry.get("content") or ():
        if str(content.get("type", "")).startswith(("text/", "application/xhtml")):
            yield _prose(content, atom=atom)
    yield _prose(entry.get("summary_detail") or {"value": entry.get("summary")}, atom=atom)


def _prose(detail: Any, *, atom: bool) -> str:
    """Return a text without markup. What Atom calls plain text is as it is, unless it holds an end tag: that was meant as HTML."""
    value = _text(detail.get("value"))
    literal = atom and detail.get("type") == "text/plain" and "</" not in value
    return " ".join(value.split()) if literal else plain(value)


def _text(value: Any) -> str:
    """Return `value` as text without lone surrogates, which no encoding can write."""
    return str(value or "").encode("utf-8", "replace").decode()
