"""Loosely typed fields of an item, read as the types of a document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

import orjson

from squall.core import text as texts
from squall.core.cleaning.markup import readable
from squall.core.dates.publication_time import TimeFormatError, parse_time
from squall.core.errors import InvalidRecordError
from squall.core.records import CLOCK_SKEW, Kind
from squall.ingest.identity import has_lost_digits, is_no_id

Fields = Mapping[str, Any]
"""Any of `id, kind, source, author, url, title, text, language, symbols, published_at`; absent, None and blank mean not given."""

_SEPARATORS = re.compile(r"[\s,;|]+")
_MOST_CHARS, _MOST_LISTED = 10_000, 1_000
"""Of a longer list of symbols only the beginning is read; a document keeps 50."""


_EXACT = 2**53
"""From here on a float skips whole numbers."""


class InvalidFieldError(InvalidRecordError):
    """An `InvalidRecordError` that names the invalid field."""

    def __init__(self, reason: str, field: str, message: str) -> None:
        super().__init__(reason, f"{field}: {message}")
        self.field = field
        self.message = message


class EarlyError(InvalidFieldError):
    """The publication time is ahead of the collection: the item may be a document once that time has come."""

    def __init__(self, due: datetime) -> None:
        super().__init__("invalid_field", "published_at", f"{due:%Y-%m-%dT%H:%M:%SZ} is in the future")
        self.due = due


def is_given(value: Any) -> bool:
    """Return whether a value says anything: None, blank text and NaN do not."""
    if isinstance(value, str):
        return value != "" and not value.isspace()
    return value is not None and value == value  # NaN is not equal to itself


def text_of(fields: Fields, field: str, *, markup: bool = False) -> str:
    """Return a text field, cleaned; empty if not given.

    Args:
        fields: of the item.
        field: one of them.
        markup: it may hold HTML, which is removed.

    Raises:
        InvalidFieldError: it is not text.
    """
    value = fields.get(field)
    if isinstance(value, str):
        return readable(value) if markup else texts.clean(value)
    if not is_given(value):
        return ""
    raise InvalidFieldError("invalid_field", field, f"expected text, got {_type(value)}")


def author_of(fields: Fields, *, markup: bool = False) -> str:
    """Return the author, who may be an object with `screen_name`, `username` or `name` (Twitter's user); raises as `text_of`."""
    value = fields.get("author")
    if isinstance(value, Mapping):
        fields = {"author": value.get("screen_name") or value.get("username") or value.get("name")}
    return text_of(fields, "author", markup=markup)


def native_id_of(fields: Fields) -> str:
    """Return the source's own id, which may be a whole number; empty if there is none, also where `N/A` or the like is written for it.

    Raises:
        InvalidFieldError: reason `lost_digits`: it is a number that was rounded, so several items share it; or as `text_of`.
    """
    value = fields.get("id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, float):
        if abs(value) >= _EXACT:
            raise _lost_digits(repr(value))
        return str(int(value)) if value.is_integer() else text_of(fields, "id")
    found = text_of(fields, "id")
    if has_lost_digits(found):
        raise _lost_digits(found)
    return "" if is_no_id(found) else found


def _lost_digits(shown: str) -> InvalidFieldError:
    what = f"{shown} is a rounded number, which several items may share"
    return InvalidFieldError(
        "lost_digits", "id", f"{what}: write ids as text (in a spreadsheet, format the column as text before the export)"
    )


def kind_of(fields: Fields, default: Kind) -> Kind:
    """Return the kind, `default` if not given.

    Raises:
        InvalidFieldError: it is neither news nor social.
    """
    value = text_of(fields, "kind").lower() if "kind" in fields else ""
    if not value:
        return default
    try:
        return Kind(value)
    except ValueError:
        raise InvalidFieldError("invalid_field", "kind", f"is {value[:40]!r}, expected news or social") from None


def is_dated(fields: Fields) -> bool:
    """Return whether a publication time is given."""
    return is_given(fields.get("published_at"))


def published_at_of(fields: Fields, naive: tzinfo | None, time_format: str, language: str, collected_at: datetime) -> datetime:
    """Return the publication time, aware UTC.

    Args:
        fields: of the item.
        naive: zone of a time without one; None refuses it.
        time_format: as of `squall.core.dates.publication_time.parse_time`.
        language: of the item, as there.
        collected_at: a publication time more than `CLOCK_SKEW` after it is refused.

    Raises:
        EarlyError: it is in the future.
        InvalidFieldError: it is not a time.
    """
    value = fields["published_at"]
    if isinstance(value, Mapping):  # MongoDB's extended JSON: {"$date": …}, {"$date": {"$numberLong": "…"}}
        value = value.get("$date", value)
        value = value.get("$numberLong", value) if isinstance(value, Mapping) else value
    try:
        published = parse_time(value, naive, time_format, language)
    except TimeFormatError as error:
        raise InvalidFieldError("invalid_field", "published_at", str(error)) from error
    if published > collected_at + CLOCK_SKEW:
        raise EarlyError(published)
    return published


def symbols_of(fields: Fields) -> tuple[str, ...]:
    """Return the listed symbols as they are: from a list of text or of objects with `symbol` or `text`, JSON text, or separated text.

    Raises:
        InvalidFieldError: it is none of these.
    """
    value = fields.get("symbols")
    if not is_given(value):
        return ()
    listed: list[Any]
    if isinstance(value, str):
        listed = _split(value[:_MOST_CHARS])
    elif isinstance(value, list | tuple):
        given = [item for item in value[:_MOST_LISTED] if is_given(item)]
        listed = [item.get("symbol") or item.get("text") if isinstance(item, Mapping) else item for item in given]
    else:
        raise InvalidFieldError("invalid_field", "symbols", f"expected a list or text, got {_type(value)}")
    if not all(isinstance(symbol, str) for symbol in listed):
        raise InvalidFieldError("invalid_field", "symbols", "expected a list of text")
    return tuple(listed)


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


def _type(value: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", list: "a list", dict: "an object", bytes: "bytes"}
    return names.get(type(value), type(value).__name__)
