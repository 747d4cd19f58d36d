"""Fields of messages of a foreign topic: times that are spread over fields, and the message's own."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from squall.ingest.fields import InvalidFieldError
from squall.ingest.topic.mapping import FieldMapping, Message

AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
MESSAGE = Message(0, 1, int(AT.timestamp() * 1000), None, b"")


@pytest.mark.parametrize(
    ("values", "published_at", "in_known_form"),
    [
        ({"date": "2026-03-02", "time": "14:05", "timezone": "CET"}, "2026-03-02 14:05 CET", True),
        ({"date": "2026-03-02", "hour": 14, "minute": 5}, "2026-03-02 14:05", True),
        ({"year": 2026, "month": 3, "day": 2, "time": "14:05"}, "2026-03-02 14:05", True),
        ({"published_at": "02/03/2026"}, "02/03/2026", False),
        ({}, AT.isoformat(), True),
    ],
)
def test_a_time_is_joined_or_that_of_the_message(values: dict[str, Any], published_at: str, in_known_form: bool) -> None:
    fields, known = FieldMapping({}).fields({"text": "Bank fails", **values}, MESSAGE)
    assert (fields["published_at"], known) == (published_at, in_known_form)


def test_a_mapped_time_is_taken_as_it_is() -> None:
    values = {"text": "Bank fails", "date": "2026-03-02", "time": "14:05", "at": "02/03/2026"}
    assert FieldMapping({"published_at": "at"}).fields(values, MESSAGE) == ({"text": "Bank fails", "published_at": "02/03/2026"}, False)


def test_parts_that_are_missing_are_named() -> None:
    with pytest.raises(InvalidFieldError, match="the time of day in time is missing"):
        FieldMapping({}).fields({"text": "Bank fails", "date": "2026-03-02", "time": None}, MESSAGE)
