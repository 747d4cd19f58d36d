"""Reddit as a type of source."""

from __future__ import annotations

from typing import ClassVar

from squall.ingest.reddit.options import RedditOptions
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.source_type import SourceType
from squall.ingest.source import Source


class RedditType(SourceType[RedditOptions]):
    """`type = "reddit"`."""

    name: ClassVar[str] = "reddit"
    summary: ClassVar[str] = "submissions and comments of chosen subreddits; needs an app that Reddit approved"
    Options: ClassVar[type[RedditOptions]] = RedditOptions
    example: ClassVar[str] = """subreddits = ["stocks", "investing"]
client_id = "the-id-of-your-app"
client_secret = "secret:reddit"  # SQUALL_INGEST__SECRETS__REDDIT
contact = "your_reddit_name" """.rstrip()

    def open(self, options: RedditOptions, context: SourceContext) -> Source:
        """Return the source; see `SourceType.open`."""
        from squall.ingest.reddit.source import RedditSource  # PRAW takes a moment to import

        return RedditSource(options, context)
