"""What a user says about a Bluesky source."""

from __future__ import annotations

import re
from typing import Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from squall.ingest.social.text_filter import FilterOptions

_DID: Final = re.compile(r"did:[a-z]{1,20}:[A-Za-z0-9._:%-]{1,200}")
_MOST_AUTHORS: Final = 10_000
_URL: Final = re.compile(r"wss?://[^\s/?#]{1,300}/?")


class BlueskyOptions(FilterOptions):
    """Options of `type = "bluesky"`."""

    url: str = Field("wss://jetstream.us-east.bsky.network", description="the Jetstream server, without a path")
    protocol: Literal["v2", "v1"] = Field("v2", description="v1 is for servers that have no v2")
    authors: tuple[str, ...] = Field((), description="DIDs; only their posts are read")
    everything: bool = Field(False, description="read every post: about 40 a second; otherwise something must be chosen")
    replies: bool = Field(True, description="read replies")
    quotes: bool = Field(True, description="read posts that quote another")
    start_hours: float = Field(0.0, ge=0, le=36, description="how far back the first start begins; servers keep 36 hours")
    compression: bool = Field(True, description="ask for compressed messages")
    source: str = Field("bluesky", min_length=1, description="the documents' source")

    @field_validator("url")
    @classmethod
    def _web_socket(cls, value: str) -> str:
        if not _URL.fullmatch(value):
            raise ValueError(f"{value[:100]!r} is not the address of a Jetstream server, for example wss://jetstream.us-west.bsky.network")
        return value.rstrip("/")

    @field_validator("authors")
    @classmethod
    def _dids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for author in value:
            if not _DID.fullmatch(author):
                raise ValueError(
                    f"{author[:50]!r} is not a DID (did:plc:…); a handle's is what https://<handle>/.well-known/atproto-did says"
                )
        if len(value) > _MOST_AUTHORS:
            raise ValueError(f"has {len(value)} authors; Jetstream takes {_MOST_AUTHORS}")
        return value

    @model_validator(mode="after")
    def _chosen(self) -> Self:
        if not (self.chooses or self.authors or self.everything):
            raise ValueError("nothing is chosen: name keywords, cashtags, companies or authors, or set everything = true")
        return self
