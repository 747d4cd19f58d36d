"""Documents as bytes: what was sent comes back, and nothing that arrives can do worse than be rejected."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.codec import HEADERS, MAX_RECORD_BYTES, SCHEMA_HEADER, dead_letter_headers, decode_document, encode_document
from squall.core.errors import InvalidRecordError
from squall.core.items import DeadLetter, Origin
from squall.core.records import Document, Kind
from squall.core.text import MAX_TEXT_CHARS
from tests.support.doubles import START, document

MOMENTS = st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2199, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
DOCUMENTS = st.builds(
    lambda title, moment, **rest: Document(title="t" + title, published_at=moment, collected_at=moment, **rest),
    id=st.text("0123456789abcdef", min_size=32, max_size=32),
    kind=st.sampled_from(Kind),
    source=st.just("wire"),
    author=st.text(max_size=300),
    url=st.text(max_size=50),
    title=st.text(max_size=50),
    text=st.text(max_size=200),
    language=st.text(max_size=5),
    symbols=st.lists(st.text(max_size=20), max_size=5),
    moment=MOMENTS,
    undated=st.booleans(),
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.sampled_from(["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "2026-03-02", "", "\ud800", 1e308, -(2**70)]),
)
JSONISH = st.recursive(
    ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=5
)


def valid() -> dict[str, Any]:
    return document(text="body").model_dump(mode="json")


def survives(value: bytes | None, headers: Any = None) -> None:
    """Decode; anything but a document or an `InvalidRecordError` fails the test."""
    try:
        assert isinstance(decode_document(value, headers), Document)
    except InvalidRecordError as error:
        if not (error.reason and error.detail):
            pytest.fail("a rejection without reason or detail")


@given(DOCUMENTS)
def test_what_is_encoded_decodes_to_the_same(made: Document) -> None:
    assert decode_document(encode_document(made), HEADERS) == made


@given(st.binary())
def test_arbitrary_bytes_are_rejected_and_nothing_worse(value: bytes) -> None:
    survives(value)


@given(JSONISH)
def test_arbitrary_json_is_rejected_and_nothing_worse(value: Any) -> None:
    survives(orjson.dumps(value, default=str) if _plain(value) else repr(value).encode("utf-8", "replace"))


@given(st.sampled_from(sorted(valid())), JSONISH)
def test_any_value_in_any_field_is_rejected_and_nothing_worse(field: str, value: Any) -> None:
    changed = valid() | {field: value}
    survives(orjson.dumps(changed) if _plain(changed) else repr(changed).encode("utf-8", "replace"))


def _plain(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True


@given(st.lists(st.tuples(st.sampled_from([SCHEMA_HEADER, "other"]), st.binary())))
def test_arbitrary_headers_are_rejected_and_nothing_worse(headers: list[tuple[str, bytes]]) -> None:
    survives(encode_document(document()), headers)


@pytest.mark.parametrize(
    "value",
    [
        orjson.dumps(valid())[:-1] + b',"x":' + b"[" * 300 + b"]" * 300 + b"}",
        orjson.dumps(valid())[:-1] + b',"x":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
        orjson.dumps(valid())[:-1] + b',"x":NaN}',
        orjson.dumps(valid())[:-1] + b',"x":1e999}',
        orjson.dumps(valid())[:-1] + b',"x":' + b"9" * 6000 + b"}",
        orjson.dumps(valid())[:-1] + b',"text":"\\ud800"}',
        b"\xff\xfe" + orjson.dumps(valid()),
    ],
    ids=["nested lists", "nested objects", "NaN", "infinity", "huge integer", "lone surrogate", "not UTF-8"],
)
def test_json_that_breaks_parsers_does_not_break_the_worker(value: bytes) -> None:
    survives(value)


@pytest.mark.parametrize(
    ("value", "reason", "word"),
    [
        (None, "empty_message", "no value"),
        (b"", "empty_message", "no value"),
        (b"{broken", "broken_json", "line 1"),
        (b"[1, 2]", "not_an_object", "list"),
        (b"null", "not_an_object", "NoneType"),
        (b"x" * (MAX_RECORD_BYTES * 10 + 1), "too_large", "bytes"),
        (b"{}", "missing_field", "id"),
        (orjson.dumps(valid() | {"kind": "rumour"}), "invalid_field", "kind"),
        (orjson.dumps(valid() | {"published_at": 1_760}), "invalid_field", "published_at"),
        (orjson.dumps(valid() | {"published_at": "1970-01-01T00:00:00Z"}), "invalid_field", "1970-01-01"),
        (orjson.dumps(valid() | {"published_at": "9999-12-31T23:59:59-12:00"}), "invalid_field", "published_at"),
        (orjson.dumps(valid() | {"title": "", "text": ""}), "missing_field", "both empty"),
    ],
)
def test_a_rejection_names_the_reason_and_the_field(value: bytes | None, reason: str, word: str) -> None:
    with pytest.raises(InvalidRecordError, match=word) as caught:
        decode_document(value)
    assert caught.value.reason == reason


def test_unknown_fields_of_a_newer_producer_are_ignored() -> None:
    assert decode_document(orjson.dumps(valid() | {"mood": "grim"})) == document(text="body")


@pytest.mark.parametrize("headers", [None, [], {}, [("other", b"9")], HEADERS, dict(HEADERS), [(SCHEMA_HEADER, b"1")]])
def test_a_known_schema_or_none_is_read(headers: Any) -> None:
    assert decode_document(encode_document(document()), headers) == document()


@pytest.mark.parametrize("version", [b"2", b"0", b"-1", b"", b"one", b"1" * 5000, "²".encode()])
def test_an_unknown_schema_is_rejected(version: bytes) -> None:
    with pytest.raises(InvalidRecordError, match="this version reads 1 to 1") as caught:
        decode_document(encode_document(document()), [(SCHEMA_HEADER, version)])
    assert caught.value.reason == "unknown_schema"


def test_the_longest_document_fits_into_a_kafka_message() -> None:
    widest = document(title="🙂" * 10_000, text="🙂" * 100_000, author="🙂" * 1000, url="🙂" * 9999, symbols=["🙂" * 99] * 99)
    assert len(widest.text) == MAX_TEXT_CHARS
    assert len(encode_document(widest)) < MAX_RECORD_BYTES


def test_dead_letter_headers_say_why_and_from_where() -> None:
    letter = DeadLetter(Origin("squall.documents", 3, 42), "broken_json", "dé\ud800tail" + "x" * 5000, b"{", START)
    headers = dict(dead_letter_headers(letter))
    assert headers["squall-reason"] == b"broken_json"
    assert headers["squall-detail"].decode().startswith("dé?tail")
    assert len(headers["squall-detail"]) < 1100
    assert (headers["squall-topic"], headers["squall-partition"], headers["squall-offset"]) == (b"squall.documents", b"3", b"42")
    assert headers["squall-at"] == b"2026-03-02T09:00:00.000+00:00"
    assert headers["squall-stage"] == b"worker"


@given(DOCUMENTS)
def test_the_bytes_of_a_document_are_its_fields_as_json(made: Document) -> None:
    assert orjson.loads(encode_document(made)) == made.model_dump(mode="json")


@given(JSONISH)
def test_json_that_is_not_an_object_is_distinguished_from_broken_json(value: Any) -> None:
    if _plain(value) and not isinstance(value, dict):
        with pytest.raises(InvalidRecordError) as caught:
            decode_document(orjson.dumps(value))
        assert caught.value.reason == "not_an_object"
        with pytest.raises(InvalidRecordError) as caught:
            decode_document(orjson.dumps(value) + b"]")
        assert caught.value.reason == "broken_json"


PROSE = st.text(st.sampled_from("ab é“\u200b\xa0\xad\ufeff\u202e\n\t\x07\x7f\x85\ud83d<&;"), max_size=12)


@given(st.fixed_dictionaries({"title": PROSE, "text": PROSE}, optional={"author": PROSE | st.none(), "language": st.none(), "url": ODD}))
def test_a_message_that_is_read_by_fewer_steps_is_the_same_document(fields: dict[str, Any]) -> None:
    def decoded(**further: str) -> Any:
        try:
            return decode_document(json.dumps(valid() | fields | further, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        except InvalidRecordError as error:
            return error.reason

    assert decoded() == decoded(revises="")  # what not every program gives is validated in full


@pytest.mark.parametrize(
    "written",
    ["Mon, 02 Mar 2026 15:05:00 CET", "Mar 2, 2026 2:05 PM UTC", "Mo, 02 Mär 2026 15:05 MEZ", "1772460300", 1772460300, 1772460300000],
)
def test_the_time_of_another_programs_message_is_read_as_at_every_door(written: Any) -> None:
    message = valid() | {"published_at": written, "collected_at": "2026-03-02T15:00:00Z", "language": "de"}
    assert decode_document(json.dumps(message).encode()).published_at == datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "why"),
    [("Mon, 02 Mar 2026 18:02:42 IST", "IST can be"), ("2026-03-02 14:05", "no time zone"), ("02/03/2026 14:05Z", "told apart")],
)
def test_a_time_that_is_understood_in_part_is_refused_on_kafka_too(written: str, why: str) -> None:
    with pytest.raises(InvalidRecordError, match=f"published_at: .*{why}"):
        decode_document(json.dumps(valid() | {"published_at": written}).encode())
