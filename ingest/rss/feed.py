"""One feed to poll."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from squall.core.dates.publication_time import zone
from squall.core.errors import ConfigurationError
from squall.core.net.outbound.addresses import literal
from squall.core.records import Kind
from squall.ingest.host_intervals import host_of


class Feed(BaseModel):
    """One feed to poll."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str
    name: str = Field("", description="the documents' source; empty: the host")
    kind: Kind = Kind.NEWS
    interval_seconds: Annotated[float, Field(gt=0)] = Field(300.0, description="pause between two polls while it has news")
    max_interval_seconds: Annotated[float, Field(gt=0)] = Field(
        900.0, description="longest pause between two polls: without news it grows to a tenth of the time since there was any"
    )
    language: str = Field("", description="language of the entries; empty: the feed's own")
    symbols: tuple[str, ...] = Field((), description="symbols added to every entry")
    timezone: str = Field(
        "UTC", description="zone of dates without one, and of an abbreviation that several zones share; reject refuses them"
    )
    time_format: str = Field("", description="`strptime` format of the dates; empty: the known forms")
    article: bool = Field(False, description="read the article behind an entry that has little text: docs/sources.md says what that means")

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
        return host_of(self.url)

    @property
    def source(self) -> str:
        """The documents' source."""
        return self.name or self.host
