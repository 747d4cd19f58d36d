"""What a user says about a Mastodon source."""

from __future__ import annotations

import re
from typing import Final, Self

from pydantic import Field, field_validator, model_validator

from squall.ingest.mastodon.timelines import Timeline
from squall.ingest.registry.source_type import Secret
from squall.ingest.social.text_filter import FilterOptions

_URL: Final = re.compile(r"https?://[^\s/?#@]{1,300}/?")
_LIST: Final = re.compile(r"[A-Za-z0-9]{1,40}")
_MOST_TIMELINES: Final = 100


class MastodonOptions(FilterOptions):
    """Options of `type = "mastodon"`."""

    url: str = Field(description="the server, as https://mastodon.social")
    token: Secret = Field(description='access token with the scope read:statuses (and read:lists for lists); "secret:NAME" is best')
    hashtags: tuple[str, ...] = Field((), description="with or without #")
    lists: tuple[str, ...] = Field((), description="numbers of lists of the token's account, as in their addresses")
    public: bool = Field(False, description="read the public timeline: whatever the server sees")
    local: bool = Field(False, description="of the public timeline only what the server's own accounts write")
    replies: bool = Field(True, description="read replies")
    start_hours: float = Field(0.0, ge=0, description="how far back the first start begins")
    source: str = Field("mastodon", min_length=1, description="the documents' source")

    @field_validator("url")
    @classmethod
    def _server(cls, value: str) -> str:
        if not _URL.fullmatch(value):
            raise ValueError(f"{value[:100]!r} is not the address of a server, for example https://mastodon.social")
        return value.rstrip("/")

    @field_validator("hashtags")
    @classmethod
    def _tags(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        tags = tuple(dict.fromkeys(tag.strip().lstrip("#").lower() for tag in value))
        for tag in tags:
            if not tag or not all(character.isalnum() or character in "_·" for character in tag):
                raise ValueError(f"{tag[:50]!r} is no hashtag: letters, digits and _ only")
        return tags

    @field_validator("lists")
    @classmethod
    def _numbers(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for number in value:
            if not _LIST.fullmatch(number):
                raise ValueError(f"{number[:50]!r} is not the number of a list; it is at the end of the list's address")
        return value

    @model_validator(mode="after")
    def _chosen(self) -> Self:
        if not self.timelines:
            raise ValueError("nothing is chosen: name hashtags or lists, or set public = true")
        if len(self.timelines) > _MOST_TIMELINES:
            raise ValueError(f"names {len(self.timelines)} timelines, at most {_MOST_TIMELINES} fit one source: make a second one")
        return self

    @property
    def timelines(self) -> tuple[Timeline, ...]:
        """The timelines to read."""
        public = (Timeline("public:local" if self.local else "public"),) if self.public else ()
        return (*(Timeline("hashtag", tag) for tag in self.hashtags), *(Timeline("list", number) for number in self.lists), *public)
