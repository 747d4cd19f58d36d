from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from squall.core.codec import decode_document, encode_document
from squall.core.errors import InvalidRecordError
from squall.core.records import Document, Kind
from squall.core.text import clean, document_id
from squall.ingest.documents import Defaults, build_document
from squall.ingest.fields import InvalidFieldError

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
GOOD: dict[str, Any] = {"source": "wire", "title": "Bank fails", "published_at": "2026-03-02T14:00:00Z"}


def build(defaults: Defaults | None = None, **fields: Any) -> Any:
    return build_document({**GOOD, **fields}, defaults or Defaults(), NOW)


def test_the_native_id_is_the_identity_before_the_address_before_the_content() -> None:
    assert build(id="7", url="http://x/a").id == build(id=7, url="http://x/b").id == document_id("wire", "7")
    assert build(url="http://X.com/a?utm_source=t").id == build(url="http://x.com/a", title="Other").id
    assert build(url="http://x.com/#!/a").id != build(url="http://x.com/#!/b").id
    assert build(url="http://X.com/a?utm_source=t&ref=b&q=%D6%D0").url == "http://X.com/a?ref=b&q=%D6%D0"
    assert build().id == build().id != build(title="Other").id
    assert build(published_at="2026-03-01T14:00:00Z").id != build().id


def test_a_link_that_names_nothing_does_not_make_texts_one_document() -> None:
    assert build(url="#", title="One").id != build(url="#", title="Two").id
    assert build(url="?utm_source=t", title="One").id == build(title="One").id


def test_the_identity_of_a_text_is_that_of_its_markup_whatever_is_shown_of_it() -> None:
    assert (build(title="<b>Net</b>flix").title, build(title="Netflix").title) == ("Netflix", "Netflix")
    assert build(title="<b>Net</b>flix").id != build(title="Netflix").id


@pytest.mark.parametrize("value", ["1.29403E+18", "1,29403e+18", "1E+15", 1.294032485769302e18, "-1.2E18", float("inf")])
def test_an_id_that_has_lost_digits_is_refused_by_name(value: str | float) -> None:
    with pytest.raises(InvalidFieldError, match="write ids as text") as caught:
        build(id=value)
    assert (caught.value.field, caught.value.reason) == ("id", "lost_digits")
    assert str(value) in str(caught.value)


@pytest.mark.parametrize("value", ["1294032485769302017", "a1E+15", "12.5", "1e", "E+18", "http://x/1e5"])
def test_an_id_that_only_resembles_a_rounded_number_is_an_id(value: str) -> None:
    assert build(id=value).id == document_id("wire", value)


def test_a_whole_number_that_a_table_made_a_float_is_the_number() -> None:
    assert build(id=7.0).id == build(id="7").id


@pytest.mark.parametrize("value", ["N/A", "null", "NaN", "none", "-", "#REF!", "", None, float("nan")])
def test_a_placeholder_for_an_id_is_no_id(value: str | float | None) -> None:
    assert build(id=value, title="One").id == build(title="One").id != build(id=value, title="Two").id


def test_the_same_native_id_of_two_sources_is_two_documents() -> None:
    assert build(id="7").id != build(id="7", source="other").id


def test_an_undated_item_keeps_its_identity_between_collections() -> None:
    defaults = Defaults(undated=True)
    first = build_document({**GOOD, "published_at": None}, defaults, NOW)
    later = build_document({**GOOD, "published_at": ""}, defaults, NOW.replace(hour=20))
    assert first.id == later.id
    assert first.published_at == NOW


def test_a_bad_address_does_not_lose_its_text() -> None:
    assert build(url="http://[broken").url == "http://[broken"


def test_an_error_that_nobody_foresaw_rejects_the_item_and_says_where() -> None:
    class Broken(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            return 1 // 0 if key == "author" else super().get(key, default)

    with pytest.raises(InvalidRecordError, match=r"ZeroDivisionError \(test_ingest_documents\.py, line \d+\)") as caught:
        build_document(Broken(GOOD), Defaults(), NOW)
    assert caught.value.reason == "unforeseen"


@pytest.mark.parametrize(
    ("value", "symbols"),
    [
        (["$aapl", "MSFT"], ("AAPL", "MSFT")),
        ('["AAPL", "MSFT"]', ("AAPL", "MSFT")),
        ("['AAPL', 'MSFT']", ("AAPL", "MSFT")),
        ("AAPL MSFT", ("AAPL", "MSFT")),
        ("aapl,msft;  $IBM|", ("AAPL", "MSFT", "IBM")),
        ([{"text": "AAPL"}], ("AAPL",)),
        (None, ()),
        ("", ()),
    ],
)
def test_symbols_in_every_form(value: Any, symbols: tuple[str, ...]) -> None:
    assert build(symbols=value).symbols == symbols


def test_cashtags_join_the_listed_symbols_once() -> None:
    assert build(symbols=["AAPL"], text="$AAPL and $BRK.B fall").symbols == ("AAPL", "BRK.B")


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"source": ""}, "source", "missing_field"),
        ({"title": " "}, "text", "missing_field"),
        ({"title": 5}, "title", "invalid_field"),
        ({"text": ["a"]}, "text", "invalid_field"),
        ({"published_at": None}, "published_at", "missing_field"),
        ({"published_at": "soon"}, "published_at", "invalid_field"),
        ({"published_at": 0}, "published_at", "invalid_field"),
        ({"published_at": "2027-03-02T14:00:00Z"}, "published_at", "invalid_field"),
        ({"kind": "rumour"}, "kind", "invalid_field"),
        ({"symbols": 5}, "symbols", "invalid_field"),
        ({"symbols": [5]}, "symbols", "invalid_field"),
        ({"id": 1.5}, "id", "invalid_field"),
        ({"author": 5}, "author", "invalid_field"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], field: str, reason: str) -> None:
    with pytest.raises(InvalidFieldError) as caught:
        build(**fields)
    assert (caught.value.field, caught.value.reason) == (field, reason)
    assert field in caught.value.detail


def test_hostile_text_is_cleaned_and_cut() -> None:
    document = build(title="a\x00b\ud800", text="x" * 5_000_000, language="klingon!", symbols=["A\x00\ud800B"], kind=" Social ")
    assert document.title == "a b"
    assert len(document.text) == 10_000
    assert document.language == "und"
    assert document.kind is Kind.SOCIAL
    assert decode_document(encode_document(document)) == document


def test_a_naive_time_is_refused_where_zones_are_required() -> None:
    with pytest.raises(InvalidFieldError, match="time zone"):
        build(Defaults(naive=None), published_at="2026-03-02T14:00:00")


LOOSE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ["id", "kind", "source", "author", "url", "title", "text", "language", "symbols", "published_at"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(FIELDS), LOOSE), st.sampled_from(FIELDS))
def test_any_fields_give_a_document_kafka_can_carry_or_a_named_error(changes: dict[str, Any], kept: str) -> None:
    fields = {**GOOD, **changes}
    fields[kept] = GOOD.get(kept)
    try:
        document = build_document(fields, Defaults(), NOW)
    except InvalidFieldError as error:
        assert error.field  # noqa: PT017 - either outcome is right
    else:
        assert orjson.loads(encode_document(document))["id"] == document.id


SOME_TEXT = st.text(st.sampled_from("abcd é\u200b\xa0\ufeff\u202e\n\x07\x85$<>&;"), max_size=9)
TIMES = st.datetimes(datetime(1980, 1, 1), datetime(2260, 1, 1), timezones=st.sampled_from([UTC, None, timezone(timedelta(hours=2))]))  # noqa: DTZ001


@given(
    st.fixed_dictionaries({name: SOME_TEXT.map(clean) | st.just("a" * 999) for name in ("source", "author", "url", "title", "text")}),
    SOME_TEXT,
    st.lists(SOME_TEXT, max_size=3).map(tuple),
    TIMES,
    TIMES,
)
def test_a_document_of_clean_fields_is_what_the_constructor_makes_of_them(
    texts: dict[str, str], language: str, symbols: tuple[str, ...], published_at: datetime, collected_at: datetime
) -> None:
    def made(make: Callable[..., Document]) -> Any:
        times = {"published_at": published_at, "collected_at": collected_at}
        try:
            made = make(id="0" * 32, kind=Kind.NEWS, **texts, language=language, symbols=symbols, **times, undated=False)
        except ValidationError as error:
            return error.errors(include_url=False, include_input=False, include_context=False)
        return made, sorted(made.model_fields_set), made.model_dump_json()

    assert repr(made(Document.of_clean)) == repr(made(Document))


def test_a_document_of_clean_fields_can_be_copied_and_changed() -> None:
    document = build()
    assert document.model_copy(update={"title": "Other"}).title == "Other"
    assert document == build() == pickle.loads(pickle.dumps(document))
    with pytest.raises(ValidationError):
        document.title = "Other"
