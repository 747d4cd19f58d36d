"""`squall ingest check` of presets and lists of feeds: what each feed answers."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner

from squall.app.source_list.feeds import ask_feeds
from squall.cli.main import app
from squall.core.clock import SystemClock
from squall.core.config.settings import IngestSettings, Settings
from squall.ingest.rss.feed import Feed
from tests.support.feed_server import FeedServer, body, rss


def test_each_feed_has_its_own_answer() -> None:
    server = FeedServer()
    answers = {
        "news": body(rss("a", "b")),
        "empty": body(rss()),
        "gone": body(b"no", 410),
        "page": body(b"<html></html>"),
    }
    server.answers = {f"/{name}": answer for name, answer in answers.items()}
    feeds = [Feed(url=server.url(f"/{name}"), name=name) for name in answers]
    settings = Settings(ingest=IngestSettings(private_hosts=("127.0.0.1",), host_interval_seconds=0.001))
    try:
        results = {result.name: result for result in ask_feeds(feeds, settings, SystemClock(), threading.Event(), 5)}
    finally:
        server.close()

    assert [(name, result.type, result.ok, result.documents) for name, result in results.items()] == [
        ("news", "feed", True, 2),
        ("empty", "feed", True, 0),
        ("gone", "feed", False, 0),
        ("page", "feed", False, 0),
    ]
    assert results["news"].last_document_at == datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert "410" in results["gone"].detail
    assert results["page"].detail
    assert len(server.requests) == 4


def test_a_list_of_feeds_is_asked_as_a_list_of_sources_is_and_two_of_one_name_apart(tmp_path: Path) -> None:
    server = FeedServer()
    server.answers = {"/a": body(rss("a", "b")), "/b": body(rss("c"))}
    path = tmp_path / "feeds.toml"
    path.write_text("".join(f'[[feeds]]\nurl = "{server.url(f"/{name}")}"\nname = "press"\narticle = true\n' for name in "ab"))
    settings = {"SQUALL_INGEST__HOST_INTERVAL_SECONDS": "0.001"}
    try:
        done = CliRunner().invoke(app, ["ingest", "check", str(path), "--json"], env=settings)
    finally:
        server.close()
    assert done.exit_code == 0, done.output
    assert [(each["name"], each["documents"]) for each in json.loads(done.stdout)["sources"]] == [("press", 2), ("press", 1)]
    assert len(server.requests) == 2
