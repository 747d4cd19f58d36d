"""What a user says about a Reddit source."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field, field_validator

from squall.ingest.registry.source_type import Secret
from squall.ingest.social.text_filter import FilterOptions

_SUBREDDIT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{1,20}")
_USER: Final = re.compile(r"[A-Za-z0-9_-]{3,20}")
_MOST_SUBREDDITS: Final = 100


class RedditOptions(FilterOptions):
    """Options of `type = "reddit"`."""

    subreddits: tuple[str, ...] = Field(min_length=1, max_length=_MOST_SUBREDDITS, description="with or without r/")
    client_id: str = Field(min_length=1, description="of the app that Reddit approved")
    client_secret: Secret = Field(description='of the app; "secret:NAME" is best')
    contact: str = Field(description="your Reddit user name: Reddit wants it in the user agent")
    comments: bool = Field(True, description="read comments, too")
    poll_seconds: Annotated[float, Field(ge=2)] = Field(15.0, description="pause between two looks; each takes a request for each kind")
    recheck_hours: Annotated[float, Field(ge=0, le=48)] = Field(
        24.0, description="how long what was delivered is looked at again for edits and deletions; 0: not at all"
    )
    source: str = Field("reddit", min_length=1, description="the documents' source")

    @field_validator("subreddits")
    @classmethod
    def _names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(name.strip().strip("/").removeprefix("r/") for name in value))
        for name in names:
            if not _SUBREDDIT.fullmatch(name):
                raise ValueError(f"{name[:40]!r} is no subreddit: 2 to 21 letters, digits and _")
        return names

    @field_validator("contact")
    @classmethod
    def _user(cls, value: str) -> str:
        name = value.strip().strip("/").removeprefix("u/")
        if not _USER.fullmatch(name):
            raise ValueError(f"{value[:40]!r} is no Reddit user name")
        return name
