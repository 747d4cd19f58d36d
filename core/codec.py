"""Documents as bytes on Kafka: JSON, with the schema version in a header, and another that says that texts have no markup."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import orjson
from pydantic import ValidationError

from squall.core.cleaning.foreign_json import decode_utf8, parse_json
from squall.core.cleaning.markup import plain, readable
from squall.core.dates.publication_time import TimeFormatError, parse_time
from squall.core.errors import InvalidRecordError
from squall.core.items import DeadLetter
from squall.core.records import Document, Kind

SCHEMA_VERSION = 1
SCHEMA_HEADER = "squall-schema"
TEXT_HEADER = "squall-text"
PLAIN = b"plain"
"""The value of `TEXT_HEADER` on messages whose texts have been cleaned; they are not cleaned again, which would decode entities twice."""
HEADERS: list[tuple[str, bytes]] = [(SCHEMA_HEADER, str(SCHEMA_VERSION).encode()), (TEXT_HEADER, PLAIN)]
_THIS_SCHEMA = HEADERS[0][1]
MAX_RECORD_BYTES = 1_000_000
"""Kafka's default message limit; a document cut to its documented length always fits."""

_MISSING = "missing"
_ID = re.compile(r"[0-9a-f]{32}")
_TIMES = ("published_at", "collected_at")
_PROSE = ("source", "author", "title", "text")
_NEWS, _SOCIAL = Kind.NEWS, Kind.SOCIAL
_Headers = Iterable[tuple[str, bytes]] | Mapping[str, bytes] | None


def encode_document(document: Document) -> bytes:
    """Return `document` as JSON bytes."""
    return document.model_dump_json().encode()


def check_schema(headers: Mapping[str, bytes]) -> None:
    """Raise `InvalidRecordError` if the header names a schema newer than this version reads; no header means version 1."""
    raw = headers.get(SCHEMA_HEADER)
    if raw is None or raw == _THIS_SCHEMA:
        return
    if not (raw.isdigit() and len(raw) < 10 and 1 <= int(raw) <= SCHEMA_VERSION):
        raise InvalidRecordError("unknown_schema", f"header {SCHEMA_HEADER} is {raw[:20]!r}; this version reads 1 to {SCHEMA_VERSION}")


def decode_document(value: bytes | None, headers: _Headers = None) -> Document:
    """Parse and validate one Kafka message value; markup is removed from the texts unless `TEXT_HEADER` says that they have none.

    Raises:
        InvalidRecordError: with reason `empty_message`, `unknown_schema`, `too_large`, `broken_json`, `broken_encoding`, `not_an_object`,
            `missing_field` or `invalid_field`.
    """
    if not value:
        raise InvalidRecordError("empty_message", "the message has no value")
    said = dict(headers) if headers else {}
    check_schema(said)
    if len(value) > MAX_RECORD_BYTES * 10:
        raise InvalidRecordError("too_large", f"{len(value)} bytes")
    if said.get(TEXT_HEADER) != PLAIN:
        return _of_another_program(value)
    try:
        return Document.model_validate_json(value)
    except ValidationError as error:
        raise _not_json(error, value) or invalid_record(error) from error


def _of_another_program(value: bytes) -> Document:
    """Return what another program wrote as every door reads it: texts without markup, times; null and NaN mean not given.

    Raises:
        InvalidRecordError: as `decode_document`.
    """
    data = parse_json(value)
    if not isinstance(data, dict):
        raise InvalidRecordError("not_an_object", f"expected a JSON object, got {type(data).__name__}")
    try:
        return _usual(data) or Document.model_validate_json(_cleaned(data))
    except ValidationError as error:
        raise invalid_record(error) from error


def _usual(data: dict[str, Any]) -> Document | None:
    """Return the document of fields that are all of the usual types, by fewer steps than validation takes; None for others."""
    given = data.get
    key, kind, source, title, text = given("id"), given("kind"), given("source"), given("title", ""), given("text", "")
    author, url, language, undated = given("author", ""), given("url", ""), given("language", "und"), given("undated", False)
    published_at, collected_at = given("published_at"), given("collected_at")
    if not (
        type(key) is type(source) is type(title) is type(text) is type(author) is type(url) is type(language) is str
        and type(published_at) is type(collected_at) is str
        and type(undated) is bool
        and (kind == "news" or kind == "social")
        and url.isascii()
        and url.isprintable()
        and "revises" not in data
        and not given("symbols")
        and _ID.fullmatch(key)
    ):
        return None
    return Document.of_clean(
        id=key,
        kind=_NEWS if kind == "news" else _SOCIAL,
        source=readable(source),
        author=readable(author) if author else author,
        url=url.strip(),
        title=readable(title),
        text=readable(text),
        language=language,
        symbols=(),
        published_at=_time("published_at", published_at, language),
        collected_at=_time("collected_at", collected_at, language),
        undated=undated,
    )


def _cleaned(data: dict[str, Any]) -> bytes:
    """Return a message as JSON, its texts without markup and its times in ISO 8601."""
    fields = {name: value for name, value in data.items() if value is not None}
    for name in _PROSE:
        if isinstance(value := fields.get(name), str):
            fields[name] = plain(value)
    language = fields.get("language")
    for name in _TIMES:
        if isinstance(value := fields.get(name), str | int | float):
            fields[name] = _time(name, value, language if isinstance(language, str) else "").isoformat()
    try:
        return orjson.dumps(fields)
    except TypeError:  # lone surrogates, or integers beyond 64 bits
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "ignore")


def _time(name: str, value: str | float, language: str) -> datetime:
    """Return a time as every door reads it; it needs a zone."""
    try:
        return parse_time(value, None, "", language)
    except TimeFormatError as error:
        raise InvalidRecordError("invalid_field", f"{name}: {error}") from error


def _not_json(error: ValidationError, value: bytes) -> InvalidRecordError | None:
    """Return the rejection of bytes that are not one JSON object, None when `error` is about a field."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        try:
            decode_utf8(value)
        except InvalidRecordError as broken_encoding:
            return broken_encoding
        return InvalidRecordError("broken_json", first["msg"].removeprefix("Invalid JSON: "))
    if not first["loc"] and first["type"] == "model_type":
        return InvalidRecordError("not_an_object", f"expected a JSON object, got {type(first['input']).__name__}")
    return None


def invalid_record(error: ValidationError) -> InvalidRecordError:
    """Turn pydantic's first complaint into a reason and a sentence that names the field."""
    first: dict[str, Any] = dict(error.errors(include_url=False, include_input=False)[0])
    field = ".".join(str(part) for part in first["loc"]) or "document"
    reason = "missing_field" if first["type"] == _MISSING else "invalid_field"
    return InvalidRecordError(reason, f"{field}: {first['msg'].removeprefix('Value error, ')}")


def dead_letter_headers(letter: DeadLetter) -> list[tuple[str, bytes]]:
    """Return the headers of a dead-letter message; its value is `letter.raw`, the item as it came."""
    fields = {
        "reason": letter.reason,
        "detail": letter.detail[:1000],
        "stage": letter.stage,
        "topic": letter.origin.topic,
        "partition": str(letter.origin.partition),
        "offset": str(letter.origin.offset),
        "at": letter.at.isoformat(timespec="milliseconds"),
    }
    return [(f"squall-{name}", value.encode("utf-8", "replace")) for name, value in fields.items()]
