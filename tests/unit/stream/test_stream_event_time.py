"""A document dated too far from now is rejected whatever way it came, and moves nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from squall.core.clock import ManualClock
from squall.core.codec import decode_document, encode_document
from squall.core.config.processor import ProcessorSettings
from squall.core.errors import InvalidRecordError
from squall.core.items import Fate, Item, Origin, Outcome
from squall.core.records import Document, Kind
from squall.ingest.documents import Defaults, build_document
from squall.stream.drivers.progress import EPOCH, ProgressTracker
from squall.stream.event_time import EventTimeLimits
from squall.stream.reject_limit import RejectLimit
from tests.support.doubles import MemoryStore

KEY = ("documents", 0)
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
FAR = ["0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "1989-12-31T23:59:59Z", "2262-04-11T00:00:00Z", "9999-12-31T23:59:59Z"]


def document(published: datetime, collected: datetime = NOW) -> Document:
    return Document(
        id="0" * 32, kind=Kind.NEWS, source="s", title="a title of five long words", published_at=published, collected_at=collected
    )


def reason(published: datetime, collected: datetime = NOW, settings: ProcessorSettings | None = None) -> str:
    item = Item(Origin("t", 0, 7), document=document(published, collected))
    found = EventTimeLimits(settings or ProcessorSettings()).apply(item, NOW)
    assert found.origin == item.origin
    return found.rejection.detail if found.rejection else ""


@pytest.mark.parametrize("when", FAR)
def test_a_date_outside_the_calendar_of_news_is_refused_from_a_source_and_from_kafka(when: str) -> None:
    with pytest.raises(InvalidRecordError, match="published_at"):
        build_document({"title": "t", "published_at": when}, Defaults("s"), NOW)
    value = encode_document(document(NOW)).replace(b'"published_at":"2026-03-02T10:00:00Z"', f'"published_at":"{when}"'.encode())
    with pytest.raises(InvalidRecordError, match="published_at"):
        decode_document(value)


def test_a_date_ahead_of_the_clock_is_refused_although_its_sender_claims_to_have_collected_it_then() -> None:
    future = NOW + timedelta(days=365)
    assert decode_document(encode_document(document(future, future)))
    assert "more than 600 s in the future" in reason(future, future)
    assert "collected_at" in reason(NOW, future)
    assert reason(NOW + timedelta(minutes=9)) == reason(NOW - timedelta(days=10_000)) == ""


def test_both_limits_are_settings() -> None:
    strict = ProcessorSettings(max_future_seconds=0, max_age_days=7)
    assert "MAX_FUTURE_SECONDS" in reason(NOW + timedelta(seconds=1), settings=strict)
    assert "MAX_AGE_DAYS" in reason(NOW - timedelta(days=8), settings=strict)
    assert reason(NOW - timedelta(days=6), settings=strict) == ""


def test_a_document_from_the_future_does_not_move_the_watermark() -> None:
    store = MemoryStore()
    tracker = ProgressTracker(store.progress, ManualClock(NOW), {KEY[0]})
    ahead = document(NOW + timedelta(days=1), NOW + timedelta(days=1))
    tracker.stored([Item(Origin(*KEY, 1), document=ahead)], {})
    assert store.progress.saved[KEY].event_time == EPOCH
    tracker.stored([Item(Origin(*KEY, 2), document=document(NOW - timedelta(hours=1))), Item(Origin(*KEY, 3), document=ahead)], {})
    assert store.progress.saved[KEY].event_time == NOW - timedelta(hours=1)


def test_an_archive_of_documents_that_are_too_old_ends_nothing() -> None:
    settings = ProcessorSettings(max_age_days=7, max_consecutive_rejects=5)
    archive = [Item(Origin("rss", 0, number), document=document(NOW - timedelta(days=30))) for number in range(50)]
    rejected = [EventTimeLimits(settings).apply(item, NOW) for item in archive]
    assert all(item.rejection for item in rejected)
    RejectLimit(settings).check(rejected, [Outcome(Fate.REJECTED, item.rejection) for item in rejected])
