"""Loose fields from any source → a core `Document`, the same way everywhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import orjson
from pydantic import ValidationError

from squall.core import text as texts
from squall.core.codec import invalid_record
from squall.core.errors import InvalidRecordError
from squall.core.records import CLOCK_SKEW, Document, Kind
from squall.ingest.publication_time import TimeFormatError, parse_time

_SEPARATORS = re.compile(r"[\s,;|]+")


class InvalidFieldError(InvalidRecordError):
    """An `InvalidRecordError` that names the field to blame."""

    def __init__(self, reason: str, field: str, message: str) -> None:
        super().__init__(reason, f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a source fills in when an item does not say.

    Args:
        source: the document's source.
        kind: news or social.
        language: code for items without one.
        symbols: added to every item's own.
        naive: zone of times without one; None refuses them.
        time_format: `strptime` format of the times; empty: the known forms.
        undated: take the collection time for an item without a time, instead of refusing it.
    """

    source: str = ""
    kind: Kind = Kind.NEWS
    language: str = "und"
    symbols: tuple[str, ...] = ()
    naive: tzinfo | None = UTC
    time_format: str = ""
    undated: bool = False


def build_document(fields: Mapping[str, Any], defaults: Defaults, collected_at: datetime) -> Document:
    """Return the document that `fields` describe.

    Args:
        fields: any of `id, kind, source, author, url, title, text, language, symbols, published_at`, loosely typed: absent,
            None and blank mean not given; `id` may be an integer; `symbols` a list, JSON text or separated text.
        defaults: for what is not given.
        collected_at: when it was read, aware UTC.

    The identity is made from the source and the native id, else the canonical URL, else author, text and (if given) time.
    Cashtags in the text join the symbols.

    Raises:
        InvalidFieldError: reason `missing_field` or `invalid_field`, the field and what is wrong.
    """
    source = _text(fields, "source") or defaults.source
    title, text = _text(fields, "title"), _text(fields, "text")
    author = _name(fields, "author")
    if not source:
        raise InvalidFieldError("missing_field", "source", "is required")
    if not title and not text:
        raise InvalidFieldError("missing_field", "text", "title and text are both empty")
    published = _published(fields, defaults, collected_at)
    url = canonical(_text(fields, "url"))
    dated = "" if _blank(fields.get("published_at")) else published.isoformat()
    key = _native_id(fields) or url or "\x1f".join((author, title, text, dated))
    try:
        return Document(
            id=texts.document_id(source, key),
            kind=_kind(fields, defaults.kind),
            source=source,
            author=author,
            url=url,
            title=title,
            text=text,
            language=_text(fields, "language") or defaults.language,
            symbols=_symbols(fields, defaults.symbols, f"{title} {text}"),
            published_at=published,
            collected_at=collected_at,
        )
    except ValidationError as error:
        raise _blame(error) from error


def canonical(url: str) -> str:
    """Return the canonical form of `url`, or `url` itself where it can't be parsed: a bad link must not lose its text."""
    if not url:
        return ""
    try:
        return texts.canonical_url(url)
    except ValueError:
        return url


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _text(fields: Mapping[str, Any], field: str) -> str:
    value = fields.get(field)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidFieldError("invalid_field", field, f"expected text, got {_type(value)}")
    return texts.clean(value)


def _name(fields: Mapping[str, Any], field: str) -> str:
    value = fields.get(field)
    if isinstance(value, Mapping):  # Twitter's user object
        value = value.get("screen_name") or value.get("username") or value.get("name")
    return _text({field: value}, field)


def _native_id(fields: Mapping[str, Any]) -> str:
    value = fields.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _text(fields, "id")


def _kind(fields: Mapping[str, Any], default: Kind) -> Kind:
    value = _text(fields, "kind").lower()
    if not value:
        return default
    try:
        return Kind(value)
    except ValueError:
        raise InvalidFieldError("invalid_field", "kind", f"is {value[:40]!r}, expected news or social") from None


def _published(fields: Mapping[str, Any], defaults: Defaults, collected_at: datetime) -> datetime:
    value = fields.get("published_at")
    if _blank(value):
        if defaults.undated:
            return collected_at
        raise InvalidFieldError("missing_field", "published_at", "is required")
    try:
        published = parse_time(value, defaults.naive, defaults.time_format)
    except TimeFormatError as error:
        raise InvalidFieldError("invalid_field", "published_at", str(error)) from error
    if published > collected_at + CLOCK_SKEW:
        raise InvalidFieldError("invalid_field", "published_at", f"{published:%Y-%m-%dT%H:%M:%SZ} is in the future")
    return published


def _symbols(fields: Mapping[str, Any], added: tuple[str, ...], content: str) -> tuple[str, ...]:
    value = fields.get("symbols")
    listed: list[Any] = []
    if isinstance(value, str):
        listed = _split(value)
    elif isinstance(value, list | tuple):
        listed = [item.get("symbol") or item.get("text") if isinstance(item, Mapping) else item for item in value]
    elif value is not None:
        raise InvalidFieldError("invalid_field", "symbols", f"expected a list or text, got {_type(value)}")
    if not all(isinstance(symbol, str) for symbol in listed):
        raise InvalidFieldError("invalid_field", "symbols", "expected a list of text")
    every = [*listed, *added, *texts.cashtags(content)]
    return tuple(clean for symbol in every if (clean := texts.clean(symbol, 17).lstrip("$").upper()))


def _split(value: str) -> list[Any]:
    if value.lstrip().startswith("["):
        try:
            parsed = orjson.loads(value)
        except (orjson.JSONDecodeError, ValueError):
            parsed = None
        if isinstance(parsed, list):
            return parsed
        value = value.strip().strip("[]").replace("'", "").replace('"', "")  # a Python list as text
    return _SEPARATORS.split(value)


def _blame(error: ValidationError) -> InvalidFieldError:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "document"
    return InvalidFieldError(invalid_record(error).reason, field, first["msg"].removeprefix("Value error, "))


def _type(value: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object", bytes: "bytes"}
    return names.get(type(value), type(value).__name__)
