"""Loosely typed fields from any source → `squall.core.records.Document`."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from pydantic import ValidationError

from squall.core import text as texts
from squall.core.codec import invalid_record
from squall.core.errors import InvalidRecordError
from squall.core.records import Document, Kind
from squall.ingest.fields import Fields, InvalidFieldError, author_of, is_dated, kind_of, native_id_of, published_at_of, symbols_of, text_of
from squall.ingest.identity import identify
from squall.ingest.links import trimmed


@dataclass(frozen=True, slots=True)
class Defaults:
    """Values for what an item does not give.

    Args:
        source: the document's source.
        kind: news or social.
        language: code for items without one.
        symbols: added to every item's own.
        naive: zone of times without one; None refuses them.
        time_format: `strptime` format of the times; empty: the known forms.
        undated: an item without a time gets the collection time instead of being refused.
        markup: title, text, author and source may hold HTML, which is removed.
    """

    source: str = ""
    kind: Kind = Kind.NEWS
    language: str = "und"
    symbols: tuple[str, ...] = ()
    naive: tzinfo | None = UTC
    time_format: str = ""
    undated: bool = False
    markup: bool = True


def build_document(fields: Fields, defaults: Defaults, collected_at: datetime) -> Document:
    """Return the document that `fields` describe.

    Args:
        fields: as of `squall.ingest.fields`.
        defaults: for what is not given.
        collected_at: when it was read, aware UTC.

    Its id is that of `squall.ingest.identity.identify`. Cashtags in title and text are added to the symbols.

    Raises:
        EarlyError: its publication time has not come yet.
        InvalidFieldError: reason `missing_field` or `invalid_field`, the field and what is wrong.
        InvalidRecordError: reason `unforeseen`: reading it failed in a way that is a fault of Squall. One item must not stop its source.
    """
    try:
        return _build(fields, defaults, collected_at)
    except (InvalidRecordError, MemoryError):
        raise
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        raise InvalidRecordError(
            "unforeseen", f"reading it failed with {type(error).__name__} ({where}): report it with the item"
        ) from error


def _build(fields: Fields, defaults: Defaults, collected_at: datetime) -> Document:
    html = defaults.markup
    source = text_of(fields, "source", markup=html) or defaults.source
    title, text, author = text_of(fields, "title", markup=html), text_of(fields, "text", markup=html), author_of(fields, markup=html)
    if not source:
        raise InvalidFieldError("missing_field", "source", "is required")
    if not title and not text:
        raise InvalidFieldError("missing_field", "text", "title and text are both empty")
    dated = is_dated(fields)
    if not dated and not defaults.undated:
        raise InvalidFieldError("missing_field", "published_at", "is required")
    language = text_of(fields, "language") or defaults.language
    published = published_at_of(fields, defaults.naive, defaults.time_format, language, collected_at) if dated else collected_at
    url = trimmed(text_of(fields, "url"))
    cashtags = texts.cashtags(f"{title} {text}") if "$" in title or "$" in text else ()

    def content() -> tuple[str, ...]:
        # as it came: how markup is removed may change, and what is known must stay known
        return author_of(fields), text_of(fields, "title"), text_of(fields, "text"), published.isoformat() if dated else ""

    try:
        return Document.of_clean(
            id=identify(source, native_id_of(fields), url, content),
            kind=kind_of(fields, defaults.kind),
            source=source,
            author=author,
            url=url,
            title=title,
            text=text,
            language=language,
            symbols=(*symbols_of(fields), *defaults.symbols, *cashtags),
            published_at=published,
            collected_at=collected_at,
            undated=not dated,
        )
    except ValidationError as error:
        raise _invalid_field(error) from error


def _invalid_field(error: ValidationError) -> InvalidFieldError:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "document"
    return InvalidFieldError(invalid_record(error).reason, field, first["msg"].removeprefix("Value error, "))
