"""A piece of text as a source published it, and its versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from squall.core import text as texts
from squall.core.records.fields import Language, Name, Record, Symbols, cleaned, language_code, named, plain_symbols, utc_ms
from squall.core.records.labels import Kind

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Earlier dates are a source's default (epoch 0), not a publication time."""
NEWEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Dates from here on are nonsense, and beyond what the store can hold."""
CLOCK_SKEW = timedelta(minutes=10)
"""How far ahead of collection a publication time may be before it is rejected."""


def _plausible(value: datetime) -> datetime:
    value = utc_ms(value)
    if not OLDEST <= value < NEWEST:
        raise ValueError(f"is {value:%Y-%m-%d}, outside {OLDEST:%Y} to {NEWEST:%Y}: not a time anything was published")
    return value


_MAX_NAME_CHARS = 200
_MAX_URL_CHARS = 2_000
_set = object.__setattr__
_Time = Annotated[datetime, AfterValidator(_plausible)]


class Document(Record):
    """One piece of text as a source published it.

    Validation cleans text (NUL, control characters, lone surrogates) and cuts it to `squall.core.text.MAX_TEXT_CHARS`. Source, author,
    URL, title and symbols are one line each, without direction marks.
    """

    id: str = Field(pattern=r"^[0-9a-f]{32}$", description="128-bit hex, deterministic per source item")
    kind: Kind
    source: Annotated[str, named(_MAX_NAME_CHARS), Field(min_length=1)]
    author: Name = ""
    url: Annotated[str, named(_MAX_URL_CHARS)] = ""
    title: Annotated[str, named(texts.MAX_TITLE_CHARS)] = ""
    text: Annotated[str, cleaned(texts.MAX_TEXT_CHARS)] = ""
    language: Language = "und"
    symbols: Symbols = ()
    published_at: _Time
    collected_at: _Time
    undated: bool = Field(False, description="the source gave no time that can be read: `published_at` is when it was collected")
    revises: str = Field(
        "", pattern=r"^(?:[0-9a-f]{32})?$", description="id of the first version, of which this is a later one; empty: it is the first"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.title and not self.text:
            raise PydanticCustomError("missing", "title and text are both empty")
        if self.published_at > self.collected_at + CLOCK_SKEW:
            raise ValueError(
                f"published_at {self.published_at:%Y-%m-%dT%H:%MZ} is in the future of collected_at {self.collected_at:%Y-%m-%dT%H:%MZ}"
            )
        return self

    @classmethod
    def of_clean(
        cls,
        *,
        id: str,
        kind: Kind,
        source: str,
        author: str,
        url: str,
        title: str,
        text: str,
        language: str,
        symbols: tuple[str, ...],
        published_at: datetime,
        collected_at: datetime,
        undated: bool,
    ) -> Self:
        """Return what the constructor returns for fields that are clean already, in a third of its time.

        Pydantic is asked only where validation may change or refuse something. `id` must be of `squall.core.text.document_id`; `source`,
        `author`, `url`, `title` and `text` as `squall.core.text.clean` returns them.

        Raises:
            pydantic.ValidationError: as the constructor.
        """
        fields: dict[str, Any] = {
            "id": id,
            "kind": kind,
            "source": source,
            "author": author,
            "url": url,
            "title": title,
            "text": text,
            "language": language_code(language),
            "symbols": plain_symbols(symbols) if symbols else symbols,
            "published_at": published_at,
            "collected_at": collected_at,
            "undated": undated,
        }
        names = f"{source}{author}{url}{title}"
        if not (
            names.isprintable()  # neither lines nor direction marks
            and (names.isascii() or "  " not in names)
            and 0 < len(source) <= _MAX_NAME_CHARS
            and len(author) <= _MAX_NAME_CHARS
            and len(url) <= _MAX_URL_CHARS
            and len(title) <= texts.MAX_TITLE_CHARS
            and (title or text)
            and published_at.tzinfo is UTC
            and collected_at.tzinfo is UTC
            and not published_at.microsecond % 1000
            and not collected_at.microsecond % 1000
            and OLDEST <= published_at <= collected_at < NEWEST
        ):
            return cls(**fields)
        return cls._of({**fields, "revises": ""}, _GIVEN_FIELDS)

    @classmethod
    def _of(cls, fields: dict[str, Any], given: set[str]) -> Self:
        document = cls.__new__(cls)
        _set(document, "__dict__", fields)
        _set(document, "__pydantic_fields_set__", given)
        _set(document, "__pydantic_extra__", None)
        _set(document, "__pydantic_private__", None)
        return document

    def having(self, **fields: Any) -> Self:
        """Return a copy with other values of `fields`, which are not validated: as `model_copy`, in a fifth of its time."""
        return self._of({**self.__dict__, **fields}, self.__pydantic_fields_set__ | fields.keys())

    @property
    def content(self) -> str:
        """The text the model reads: title, then body unless it repeats the title."""
        return texts.content(self.title, self.text)

    @property
    def first_id(self) -> str:
        """The id of the first version: its own, unless it revises another."""
        return self.revises or self.id

    @property
    def revision(self) -> int:
        """What tells versions apart; see `squall.core.text.revision`."""
        return texts.revision(self.title, self.text)

    @property
    def gist(self) -> str:
        """The text that identifies a story; see `squall.core.text.gist`."""
        return texts.gist(self.title, self.text)

    @property
    def fingerprint(self) -> int:
        """The near-duplicate group of the gist; see `squall.core.text.fingerprint`."""
        return texts.gist_fingerprint(self.title, self.text)


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A version of a document that is stored.

    Args:
        id: its own.
        first_id: id of the first version of its document.
        revision: as `Document.revision`.
        published_at: its publication time; the last one if it was delivered with several.
        collected_at: when it was collected first.
        scored: whether the model that was asked for has scored it.
        unscored: whether it is stored as one that no model has read.
    """

    id: str
    first_id: str
    revision: int
    published_at: datetime
    collected_at: datetime
    scored: bool
    unscored: bool = False


_GIVEN_FIELDS = set(Document.model_fields) - {"revises"}
"""Of every document of `Document.of_clean`; pydantic copies it where it changes it."""
