"""Mastodon as a type of source."""

from __future__ import annotations

from typing import ClassVar

from squall.ingest.mastodon.options import MastodonOptions
from squall.ingest.mastodon.source import MastodonSource
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.source_type import SourceType
from squall.ingest.source import Source


class MastodonType(SourceType[MastodonOptions]):
    """`type = "mastodon"`."""

    name: ClassVar[str] = "mastodon"
    summary: ClassVar[str] = "hashtags, lists and public timelines of one Mastodon server; free, with an account's token"
    Options: ClassVar[type[MastodonOptions]] = MastodonOptions
    example: ClassVar[str] = """url = "https://mastodon.social"
token = "secret:mastodon"  # SQUALL_INGEST__SECRETS__MASTODON
hashtags = ["stocks", "markets", "economy"]"""

    def open(self, options: MastodonOptions, context: SourceContext) -> Source:
        """Return the source; see `SourceType.open`."""
        return MastodonSource(options, context)
