"""Settings of the sources: feeds, files, and documents pushed over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from squall.core.config.sections import Positive, PrivateHosts, Seconds, Section


class FileSourceSettings(Section):
    """A file that `squall up` reads, remembering its position."""

    path: Path
    kind: Literal["news", "social"] = "news"
    source: str = Field("", description="empty: the file name without extensions")


class IngestSettings(Section):
    """Sources."""

    feeds: Path | None = Field(None, description="TOML file that lists the feeds for `squall up`")
    files: tuple[FileSourceSettings, ...] = Field((), description="files for `squall up`")
    user_agent: str = Field(
        "squall/0.1 (+https://example.invalid/squall)", description="User-Agent header of feed requests; identify yourself"
    )
    request_timeout_seconds: Seconds = Field(20.0, description="timeout of one feed request")
    max_feed_bytes: Positive = Field(5_000_000, description="a longer feed is rejected")
    host_interval_seconds: Seconds = Field(1.0, description="minimum pause between two requests to one host")
    max_consecutive_rejects: Positive = Field(1000, description="most consecutive rejects in one feed; beyond, that feed is paused")
    private_hosts: PrivateHosts = Field((), description="hosts of feeds that may resolve to a private address, as host or host:port")


class PushSettings(Section):
    """The HTTP endpoint for pushed documents."""

    enabled: bool = Field(False, description="start it with `squall up`")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8088, description="0: any free port")
    token: SecretStr = Field(SecretStr(""), description="bearer token; required unless the address is loopback")
    max_body_bytes: Positive = Field(5_000_000, description="a longer request is refused")
    max_pending: Positive = Field(10_000, description="documents waiting for acknowledgement; beyond this, requests get 429")
    ack_timeout_seconds: Seconds = Field(10.0, description="longest wait until documents are stored; after this, requests get 503")
