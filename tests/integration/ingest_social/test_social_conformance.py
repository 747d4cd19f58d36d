"""The conformance suite over Bluesky, Mastodon and Reddit, each against a server that speaks its protocol."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from squall.ingest.bluesky.source_type import BlueskyType
from squall.ingest.mastodon.source_type import MastodonType
from squall.ingest.reddit.api import RedditApi
from squall.ingest.reddit.options import RedditOptions
from squall.ingest.reddit.source import RedditSource
from squall.ingest.reddit.source_type import RedditType
from squall.ingest.registry.context import SourceContext
from squall.sources.conformance import SourceConformance, SourceRig, TypeRig
from tests.support.jetstream_server import JetstreamServer
from tests.support.mastodon_server import TOKEN, MastodonServer
from tests.support.reddit_server import CLIENT, RedditServer

TITLES = [f"bank number {number}" for number in range(12)]


class TestBluesky(SourceConformance):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[SourceRig]:
        server = JetstreamServer(int((time.time() - 600) * 1e6))
        for title in TITLES:
            server.post(title)
            server.post("my cat")
        options = {"url": server.url, "keywords": ["bank"], "start_hours": 1, "compression": False}
        yield TypeRig(BlueskyType(), options, tmp_path, titles=TITLES)
        server.close()


class TestMastodon(SourceConformance):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[SourceRig]:
        server = MastodonServer(datetime.now(UTC) - timedelta(minutes=10))
        for title in TITLES:
            server.write("the text", "stocks", spoiler_text=title)
            server.write("my cat", "cats")
        yield TypeRig(
            MastodonType(), {"url": server.url, "token": TOKEN, "hashtags": ["stocks"], "start_hours": 1}, tmp_path, titles=TITLES
        )
        server.close()


class LocalReddit(RedditType):
    url = ""

    def open(self, options: RedditOptions, context: SourceContext) -> RedditSource:
        return RedditSource(options, context, RedditApi(options, context.http, self.url, self.url))


class TestReddit(SourceConformance):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> Iterator[SourceRig]:
        server = RedditServer(time.time() - 60)
        for title in TITLES:
            server.submit(title)
        kind = LocalReddit()
        kind.url = server.url
        login = {"client_id": CLIENT[0], "client_secret": CLIENT[1], "contact": "ada_l"}
        yield TypeRig(kind, {"subreddits": ["stocks"], "poll_seconds": 2, **login}, tmp_path, titles=TITLES)
        server.close()
