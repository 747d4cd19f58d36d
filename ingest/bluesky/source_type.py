"""Bluesky as a type of source."""

from __future__ import annotations

from typing import ClassVar

from squall.ingest.bluesky.options import BlueskyOptions
from squall.ingest.bluesky.source import BlueskySource
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.source_type import SourceType
from squall.ingest.source import Source


class BlueskyType(SourceType[BlueskyOptions]):
    """`type = "bluesky"`."""

    name: ClassVar[str] = "bluesky"
    summary: ClassVar[str] = "posts of Bluesky, as Jetstream streams them: free, without an account"
    Options: ClassVar[type[BlueskyOptions]] = BlueskyOptions
    example: ClassVar[str] = """cashtags = true  # any $TICKER
keywords = ["profit warning", "bankrupt*"]  # words and phrases in any case
companies = true  # any company that the catalogue knows
languages = ["en"]  # as the author declares"""

    def open(self, options: BlueskyOptions, context: SourceContext) -> Source:
        """Return the source; see `SourceType.open`."""
        return BlueskySource(options, context)
