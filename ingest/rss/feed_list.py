"""The list of feeds to poll, in a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from squall.core.config.files.regular import MOST_SETTINGS_BYTES, read_regular_file
from squall.core.dates.publication_time import zone
from squall.core.errors import ConfigurationError
from squall.core.net.addresses import redact_url
from squall.core.net.outbound.addresses import literal
from squall.core.records import Kind

_EXAMPLE = (
    'a feed is [[feeds]] with url = "https://…" and optionally name, kind, interval_seconds, language, symbols, timezone, time_format'
)


class Feed(BaseModel):
    """One feed to poll."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    name: str = Field("", description="the documents' source; empty: the host")
    kind: Kind = Kind.NEWS
    interval_seconds: Annotated[float, Field(gt=0)] = 300.0
    language: str = Field("", description="language of the entries; empty: the feed's own")
    symbols: tuple[str, ...] = Field((), description="symbols added to every entry")
    timezone: str = Field(
        "UTC", description="zone of dates without one, and of an abbreviation that several zones share; reject refuses them"
    )
    time_format: str = Field("", description="`strptime` format of the dates; empty: the known forms")

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an http or https URL")
        try:
            literal(parts.hostname)
        except ValueError:
            raise ValueError("an address must be written as 192.0.2.1 or [2001:db8::1]") from None
        return value

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            zone(value)
        except ConfigurationError as error:
            raise ValueError(str(error)) from None
        return value

    @property
    def host(self) -> str:
        """Host and port, for the interval between requests to one host."""
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
        ConfigurationError: the file is missing or not TOML, a feed is invalid (names the key), or two feeds have the same URL.
    """
    try:
        data = tomllib.loads(read_regular_file(path, MOST_SETTINGS_BYTES).decode("utf-8"))
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
        shown = ", ".join(sorted(redact_url(url) for url in twice))
        raise ConfigurationError(f"{path} lists {shown} more than once", "remove the duplicates")
    return feeds
