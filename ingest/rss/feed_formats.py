"""Feeds: their list in a TOML file, and RSS 2.0, Atom and RDF bytes → loose fields."""

from __future__ import annotations

import calendar
import html
import io
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import feedparser
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from squall.core.errors import ConfigurationError
from squall.core.records import Kind

_TAG = re.compile(r"<(?:!--.*?--|/?[A-Za-z][^<>]*|![A-Za-z][^<>]*)>", re.DOTALL)
_HIDDEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|$)", re.DOTALL | re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_LONGEST_MARKUP = 200_000
_EXAMPLE = 'write [[feeds]] with url = "https://…"; also name, kind, interval_seconds, language, symbols'


class NotAFeedError(ValueError):
    """The answer is no RSS, Atom or RDF; the message says what it looks like."""


class Feed(BaseModel):
    """One feed to poll."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    name: str = Field("", description="the documents' source; empty: the host")
    kind: Kind = Kind.NEWS
    interval_seconds: Annotated[float, Field(gt=0)] = 300.0
    language: str = Field("", description="of entries; empty: the feed's own")
    symbols: tuple[str, ...] = Field((), description="added to every entry's")

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http or https address")
        return value

    @property
    def host(self) -> str:
        """Host and port, for politeness."""
        return urlsplit(self.url).netloc.rpartition("@")[2].lower()

    @property
    def source(self) -> str:
        """The documents' source."""
        return self.name or self.host


class _FeedFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    feeds: tuple[Feed, ...] = Field(min_length=1)


def load_feeds(path: Path) -> tuple[Feed, ...]:
    """Read the `[[feeds]]` of a TOML file.

    Raises:
        ConfigurationError: the file is missing or no TOML, a feed is wrong (which and why), or two feeds share an address.
    """
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"the list of feeds {path} can't be read: {error.strerror}", "name a TOML file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}", _EXAMPLE) from error
    try:
        feeds = _FeedFile.model_validate(data).feeds
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: {where}: {first['msg'].removeprefix('Value error, ')}", _EXAMPLE) from error
    twice = {feed.url for feed in feeds if sum(other.url == feed.url for other in feeds) > 1}
    if twice:
        raise ConfigurationError(f"{path} lists {', '.join(sorted(twice))} twice", "keep one of them")
    return feeds


def parse_feed(body: bytes, content_type: str, url: str) -> list[dict[str, Any]]:
    """Return the loose fields (see `squall.ingest.build`) of each entry, oldest last as feeds have them.

    An entry without a date has no `published_at`. Markup is taken out of titles and texts.

    Raises:
        NotAFeedError: no feed at all, for example an HTML page.
    """
    headers = {"content-type": content_type, "content-location": url}
    # a stream, never text: feedparser would fetch or open a string that looks like an address or a path
    parsed = feedparser.parse(io.BytesIO(body), response_headers=headers)
    if not parsed.get("version"):
        start = body[:60].decode("utf-8", "replace").strip()
        raise NotAFeedError(f"no RSS, Atom or RDF: {content_type or 'no content type'}, begins with {start!r}")
    language = str(parsed.feed.get("language") or "")
    return [_fields(entry, language) for entry in parsed.entries]


def plain(markup: str) -> str:
    """Return `markup` without tags, scripts and entities, white space collapsed."""
    text = _HIDDEN.sub(" ", markup[:_LONGEST_MARKUP])
    return _SPACE.sub(" ", html.unescape(_TAG.sub(" ", text))).strip()


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
