"""Fields of records: how foreign text and times are cleaned and checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from squall.core import text as texts

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LONGEST_LANGUAGE = 100
_MOST_LISTED = 1_000
"""Of a longer list of symbols only the beginning is read."""


def utc_ms(value: datetime) -> datetime:
    """Return an aware time in UTC, cut to milliseconds; raises ValueError without a zone."""
    if value.tzinfo is None:
        raise ValueError("must carry a time zone, for example 2026-03-02T14:05:00Z")
    if value.tzinfo is not UTC:
        try:
            value = value.astimezone(UTC)
        except OverflowError as error:  # pydantic lets anything but ValueError through
            raise ValueError("is outside the calendar in UTC") from error
    beyond = value.microsecond % 1000
    return value.replace(microsecond=value.microsecond - beyond) if beyond else value


def language_code(value: str) -> str:
    """Return the code of a language, `pt` for `PT_br`; `und` for what is none."""
    return _code(value if len(value) <= _LONGEST_LANGUAGE else value.strip()[:_LONGEST_LANGUAGE])


@lru_cache(maxsize=1024)
def _code(value: str) -> str:
    code = value.strip().lower().replace("_", "-").split("-")[0]
    return code if _LANGUAGE.fullmatch(code) else "und"


def _language(value: Any) -> Any:
    return language_code(value) if isinstance(value, str) else value


def _symbols(value: Any) -> Any:
    if not value and isinstance(value, list | tuple):
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(s, str) for s in value):
        return value
    return plain_symbols(value)


def plain_symbols(value: Sequence[str]) -> tuple[str, ...]:
    """Return distinct symbols in upper case without `$`, at most 50."""
    symbols = (texts.clean_name(s, 32).lstrip("$").upper()[:16].strip() for s in value[:_MOST_LISTED])
    return tuple(dict.fromkeys(symbol for symbol in symbols if symbol))[:50]


def cleaned(limit: int) -> BeforeValidator:
    """Clean a text and cut it to `limit` characters."""

    def clean(value: Any) -> Any:
        return texts.clean(value, limit) if isinstance(value, str) else value

    return BeforeValidator(clean)


def named(limit: int) -> BeforeValidator:
    """Clean a name, one line of at most `limit` characters."""

    def clean_name(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if len(value) <= limit and value.isascii() and value.isprintable():  # the usual case, without another call
            return value.strip()
        return texts.clean_name(value, limit)

    return BeforeValidator(clean_name)


Timestamp = Annotated[datetime, AfterValidator(utc_ms)]
Name = Annotated[str, named(200)]
Language = Annotated[str, BeforeValidator(_language)]
Symbols = Annotated[tuple[str, ...], BeforeValidator(_symbols)]


class Record(BaseModel):
    """Immutable, strict about types, forgiving about unknown fields."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


Probability = Annotated[float, Field(ge=0.0, le=1.0)]


def check_sum(*probabilities: float) -> None:
    """Raise ValueError unless the probabilities of a sentiment sum to 1."""
    total = sum(probabilities)
    if abs(total - 1.0) > 1e-3:
        raise ValueError(f"sentiment probabilities sum to {total:.4f}, not 1")
