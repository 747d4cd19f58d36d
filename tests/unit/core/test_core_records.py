"""Documents: cleaned on the way in, honest about time, strict about the rest."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from squall.core.records import SENTIMENTS, TOPICS, Document, EntityKind, Event, Kind, Mention, ScoredDocument, Sentiment
from squall.core.text import MAX_TEXT_CHARS, MAX_TITLE_CHARS
from tests.support.doubles import START, document


def scored(negative: float, neutral: float, positive: float, **more: Any) -> ScoredDocument:
    return ScoredDocument(
        document=document(),
        topic=TOPICS[0],
        topic_probability=0.5,
        p_negative=negative,
        p_neutral=neutral,
        p_positive=positive,
        fingerprint=1,
        model_version="m",
        scored_at=START,
        **more,
    )


def test_sequences_for_terminals_nul_control_characters_and_lone_surrogates_are_taken_out() -> None:
    cleaned = document(title="  Fed\x00raises \x1b[31mrates\ud83d ", text="line one\nline two\t🙂", author="a\x00b", source="wire\ud800")
    assert cleaned.title == "Fed raises rates"
    assert cleaned.text == "line one\nline two\t🙂"
    assert cleaned.author == "a b"
    assert cleaned.source == "wire"


def test_five_megabytes_of_text_are_cut_to_the_documented_length() -> None:
    long = document(title="t" * 5_000_000, text="word " * 1_000_000)
    assert len(long.title) == MAX_TITLE_CHARS
    assert len(long.text) <= MAX_TEXT_CHARS
    assert long.text.startswith("word word")


@given(st.text())
def test_any_text_becomes_storable_utf8(text: str) -> None:
    cleaned = document(text=text)
    cleaned.text.encode("utf-8")
    assert "\x00" not in cleaned.text
    assert document(text=cleaned.text).text == cleaned.text


def test_times_become_utc_milliseconds() -> None:
    new_york = timezone(timedelta(hours=-5))
    moved = document(published_at=datetime(2026, 3, 2, 4, 0, 0, 123_456, tzinfo=new_york))
    assert moved.published_at == datetime(2026, 3, 2, 9, 0, 0, 123_000, tzinfo=UTC)
    assert moved.published_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"published_at": datetime(1970, 1, 1, tzinfo=UTC)}, "1970-01-01"),
        ({"published_at": START + timedelta(days=365)}, "in the future of collected_at"),
        ({"published_at": datetime(2026, 3, 2, 9, 0)}, "time zone"),  # noqa: DTZ001
        ({"published_at": datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12)))}, "outside the calendar"),
        ({"published_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=12)))}, "outside the calendar"),
        ({"collected_at": datetime(9999, 12, 31, 23, 59, tzinfo=UTC)}, "9999-12-31"),
        ({"published_at": "2026-03-02T09:00:00Z"}, "valid datetime"),
        ({"title": "", "text": " \x00 "}, "both empty"),
        ({"source": " "}, "at least 1 item"),
        ({"id": "ABC"}, "pattern"),
        ({"kind": "rumour"}, "Kind"),
        ({"title": 5}, "valid string"),
        ({"symbols": ["AAPL", 5]}, "symbols"),
    ],
)
def test_what_no_document_can_be_is_refused_with_its_reason(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        document(**changes)


def test_a_clock_a_few_minutes_ahead_is_forgiven() -> None:
    assert document(published_at=START + timedelta(minutes=9), collected_at=START)


@pytest.mark.parametrize(
    ("given_language", "stored"),
    [("en", "en"), ("EN-us", "en"), ("pt_BR", "pt"), ("english", "und"), ("", "und"), ("e\n", "und"), ("en\n-x", "und"), ("🙂", "und")],
)
def test_an_unknown_language_is_und(given_language: str, stored: str) -> None:
    assert document(language=given_language).language == stored


def test_symbols_are_upper_case_distinct_and_without_the_dollar_sign() -> None:
    assert document(symbols=["$aapl", " AAPL ", "brk.b", "", "$", "\ud800", "t\x00m"]).symbols == ("AAPL", "BRK.B", "T M")
    assert len(document(symbols=[f"S{n}" for n in range(200)]).symbols) == 50
    assert document(symbols=["X" * 500]).symbols == ("X" * 16,)


def test_unknown_fields_are_ignored_and_records_do_not_change() -> None:
    made = document(newer_field="x")
    assert not hasattr(made, "newer_field")
    with pytest.raises(ValidationError, match="frozen"):
        made.title = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("title", "text", "content"),
    [
        ("Title", "Body", "Title. Body"),
        ("Title", "", "Title"),
        ("", "Body", "Body"),
        ("Fed raises", "Fed raises rates again", "Fed raises rates again"),
    ],
)
def test_the_model_reads_title_and_body_once(title: str, text: str, content: str) -> None:
    assert document(title=title, text=text).content == content


def test_an_informative_title_is_the_gist_whatever_the_body_and_a_short_one_is_not() -> None:
    title = "Acme cuts forecast after pump recall"
    assert document(title=title, text="By our correspondent").gist == document(title=title, text="LONDON (wire)").gist == title
    assert document(title="Market report", text="Monday").gist != document(title="Market report", text="Tuesday").gist


def test_score_and_sentiment_follow_the_probabilities() -> None:
    row = scored(0.7, 0.2, 0.1)
    assert row.sentiment is Sentiment.NEGATIVE
    assert row.score == pytest.approx(-0.6)
    assert [scored(*row).sentiment.value for row in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))] == list(SENTIMENTS)


@pytest.mark.parametrize("probabilities", [(0.5, 0.5, 0.5), (1.2, -0.2, 0.0), (float("nan"), 0.5, 0.5), (float("inf"), 0.0, 0.0)])
def test_probabilities_that_are_none_are_refused(probabilities: tuple[float, float, float]) -> None:
    with pytest.raises(ValidationError):
        scored(*probabilities)


def test_there_are_twenty_distinct_topics() -> None:
    assert len(set(TOPICS)) == 20


def test_kinds_are_the_two_words_on_the_wire() -> None:
    assert [kind.value for kind in Kind] == ["news", "social"]
    assert Document.model_validate_json(document().model_dump_json()) == document()


def test_severity_and_events_come_back_from_json() -> None:
    name = {"entity": "company:a", "kind": EntityKind.COMPANY, "name": "A", "start": 0, "end": 1, "first": True, "relevance": 0.5}
    events = (Event(name="accident", probability=0.9), Event(name="strike", probability=0.5))
    mention = Mention(**name, p_negative=0.5, p_neutral=0.3, p_positive=0.2, severity=0.75, events=events[:1])  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="an event is named twice: strike, strike"):
        Mention(**name, p_negative=0.5, p_neutral=0.3, p_positive=0.2, events=events[1:] * 2)  # type: ignore[arg-type]
    row = scored(0.5, 0.3, 0.2, severity=0.81, events=events, mentions=(mention,))
    assert ScoredDocument.model_validate_json(row.model_dump_json()) == row
    assert (row.event_names, row.event_probabilities) == (("accident", "strike"), (0.9, 0.5))


def test_a_record_written_before_there_was_severity_is_read_without_any() -> None:
    body = json.loads(scored(0.5, 0.3, 0.2).model_dump_json())
    del body["severity"], body["events"]
    row = ScoredDocument.model_validate_json(json.dumps(body))
    assert (row.severity, row.events) == (None, ())


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"severity": 1.2}, "less than or equal to 1"),
        ({"severity": float("nan")}, "less than or equal to 1"),
        ({"events": (Event(name="strike", probability=0.9),) * 2}, "an event is named twice: strike, strike"),
    ],
)
def test_what_no_severity_or_list_of_events_can_be_is_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        scored(0.5, 0.3, 0.2, **changes)


def test_a_document_having_other_values_is_what_a_copy_with_them_is() -> None:
    before = document(3, language="und")
    changes = {"language": "en", "revises": "0" * 32}
    copied, made = before.model_copy(update=changes), before.having(**changes)
    assert made == copied
    assert made.model_fields_set == copied.model_fields_set
    assert made.model_dump_json() == copied.model_dump_json()
    assert before == document(3, language="und"), "the original stays"
