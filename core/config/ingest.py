"""Settings of the sources: feeds, files, and documents pushed over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from squall.core.config.sections import FrozenDict, Positive, PrivateHosts, Seconds, Section

SHORTEST_TOKEN: Final = 16
"""Characters: 64 bits in hexadecimal, too many to guess over a network."""


class FileSourceSettings(Section):
    """A file that `squall up` reads, remembering its position."""

    path: Path
    kind: Literal["news", "social"] = "news"
    source: str = Field("", description="empty: the file name without extensions")
    format: Literal["", "jsonl", "csv", "parquet"] = Field("", description="empty: by the extension")
    columns: Annotated[Mapping[str, str], FrozenDict] = Field(FrozenDict({}), description="field → column, for columns that are not found")
    timezone: str = Field("UTC", description="of times without one: a zone's name, or reject")
    time_format: str = Field("", description="strptime format of the times; empty: the known forms")
    encoding: str = Field("", description="of a text file; empty: it is found")
    delimiter: str = Field("", description="of CSV; empty: it is found")
    escape: str = Field("", description="of CSV: character before a quote within quotes, such as a backslash; empty: quotes are doubled")


class IngestSettings(Section):
    """Sources."""

    feeds: Path | None = Field(None, description="TOML file that lists the feeds for `squall up`")
    presets: tuple[str, ...] = Field((), description="lists of feeds that ship, such as `wires`: see `squall ingest rss --help`")
    files: tuple[FileSourceSettings, ...] = Field((), description="files for `squall up`")
    sources: Path | None = Field(None, description="TOML file that lists sources of other types for `squall up`: see `squall ingest types`")
    secrets: Annotated[Mapping[str, SecretStr], FrozenDict] = Field(
        FrozenDict({}),
        description='by name, for options of sources that say "secret:NAME"; one each: SQUALL_INGEST__SECRETS__NAME',
    )
    user_agent: str = Field(
        "squall/0.1 (+https://example.invalid/squall)", repr=False, description="User-Agent header of feed requests; identify yourself"
    )
    request_timeout_seconds: Seconds = Field(20.0, description="timeout of one feed request")
    max_feed_bytes: Positive = Field(5_000_000, description="a longer feed is rejected")
    host_interval_seconds: Seconds = Field(1.0, description="minimum pause between two requests to one host")
    max_consecutive_rejects: Positive = Field(1000, description="most consecutive rejects in one feed; beyond, that feed is paused")
    private_hosts: PrivateHosts = Field((), description="hosts of feeds that may resolve to a private address, as host or host:port")


class PushTokenSettings(Section):
    """A token of the push endpoint, and the sources whose documents it may send."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="lower-case letters, digits, - and _; may occur twice, to rotate")
    token: SecretStr = Field(description="at least 16 characters, as from `openssl rand -hex 24`")
    sources: Annotated[tuple[str, ...], Field(min_length=1)] = Field(description="patterns with * and ?, case-sensitive; * is any source")

    @field_validator("token")
    @classmethod
    def _strong(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if len(text) < SHORTEST_TOKEN:
            raise ValueError(f"has {len(text)} characters; a token has at least {SHORTEST_TOKEN}: make one with `openssl rand -hex 24`")
        if not (text.isascii() and text.isprintable()) or " " in text:
            raise ValueError("must be printable ASCII without spaces: it is sent in a header")
        return value

    @field_validator("sources")
    @classmethod
    def _not_blank(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(pattern.strip() for pattern in value):
            raise ValueError('must not contain an empty pattern; write ["*"] for any source')
        return tuple(pattern.strip() for pattern in value)

    def may_send(self, source: str) -> bool:
        """Return whether documents of `source` may be sent with this token."""
        return any(fnmatchcase(source, pattern.replace("[", "[[]")) for pattern in self.sources)

    @property
    def only_source(self) -> str:
        """The source of documents that name none; empty if the token may name several."""
        only = self.sources[0]
        return "" if len(self.sources) > 1 or set(only) & set("*?") else only


class PushSettings(Section):
    """The HTTP endpoint for pushed documents."""

    enabled: bool = Field(False, description="start it with `squall up`")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8088, description="0: any free port")
    tokens: tuple[PushTokenSettings, ...] = Field(
        (), description="bearer tokens and the sources that each may name; required unless the address is loopback"
    )
    allowed_hosts: tuple[str, ...] = Field((), description="names, with * and ?, that requests may have in the Host header without tokens")
    max_connections: Annotated[int, Field(ge=16)] = Field(
        128, description="most connections; at most an eighth of the descriptor limit (ulimit -n)"
    )
    max_body_bytes: Positive = Field(5_000_000, description="a longer request is refused")
    body_timeout_seconds: Seconds = Field(30.0, description="a body must arrive within this time")
    max_pending: Positive = Field(10_000, description="documents waiting for acknowledgement; beyond this, requests get 429")
    ack_timeout_seconds: Seconds = Field(10.0, description="longest wait until documents are stored; after this, requests get 503")

    @model_validator(mode="before")
    @classmethod
    def _no_single_token(cls, data: Any) -> Any:
        if isinstance(data, dict) and "token" in data:
            raise ValueError(
                "SQUALL_PUSH__TOKEN is not a setting any more; set "
                """SQUALL_PUSH__TOKENS='[{"name": "desk", "token": "…", "sources": ["*"]}]' """
                "(sources: those that the token may name)"
            )
        return data

    @model_validator(mode="after")
    def _different_tokens(self) -> Self:
        values = [each.token.get_secret_value() for each in self.tokens]
        if len(set(values)) < len(values):
            raise ValueError("two entries of push.tokens have the same token; give each a token of its own")
        return self
