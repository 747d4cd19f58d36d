"""Timelines by the names of Mastodon's streaming API, and their addresses in its REST API."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, urlencode

import orjson

PAGE = 40
"""The most statuses that a server returns at once."""


class Timeline(NamedTuple):
    """One timeline.

    Args:
        stream: its name in the streaming API.
        value: the hashtag, or the number of the list; empty for the public timeline.
    """

    stream: str
    value: str = ""

    @property
    def key(self) -> str:
        """The name in a cursor and in logs."""
        return f"{self.stream}:{self.value}" if self.value else self.stream

    @property
    def subscription(self) -> str:
        """The message that subscribes to it."""
        named = {"hashtag": {"tag": self.value}, "list": {"list": self.value}}.get(self.stream, {})
        return orjson.dumps({"type": "subscribe", "stream": self.stream, **named}).decode()

    @property
    def is_cut(self) -> bool:
        """Whether servers keep only its newest statuses (some hundreds), as of lists; hashtags and public timelines are whole."""
        return self.stream == "list"

    def page_before(self, number: str, limit: int = PAGE) -> str:
        """Return path and query of the newest statuses before `number`; without it those of the newest."""
        return self._address({"limit": limit, "max_id": number} if number else {"limit": limit})

    def page(self, after: str, limit: int = PAGE) -> str:
        """Return path and query of the statuses that follow `after`; without it those of the newest."""
        query: dict[str, str | int] = {"limit": limit}
        if after:
            query["min_id"] = after
        return self._address(query)

    def _address(self, query: dict[str, str | int]) -> str:
        if self.stream == "public:local":
            query["local"] = "true"
        folder = {"hashtag": f"tag/{quote(self.value)}", "list": f"list/{quote(self.value)}"}.get(self.stream, "public")
        return f"/api/v1/timelines/{folder}?{urlencode(query)}"
