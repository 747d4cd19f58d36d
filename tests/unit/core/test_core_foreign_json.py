"""What one value of foreign JSON breaks costs no more than that value."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.cleaning.foreign_json import parse_json
from squall.core.errors import InvalidRecordError


def test_nan_and_infinity_mean_not_given() -> None:
    assert parse_json(b'{"a": NaN, "b": [Infinity, -Infinity, 1.5]}') == {"a": None, "b": [None, None, 1.5]}


def test_surrogates_cost_nothing_but_themselves() -> None:
    assert parse_json(rb'["half \ud83d", "whole \ud83d\ude80"]') == ["half \ud83d", "whole 🚀"]
    assert parse_json(b'["\xed\xa0\xbd\xed\xba\x80"]') == ["🚀"]  # UTF-8 of each half, as MySQL and Java write it


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"{", "broken_json"), (b'"\xff"', "broken_encoding"), (b"[" * 100_000, "broken_json"), (b"1" * 6_000 + b'\\ud800"', "broken_json")],
)
def test_what_is_no_json_is_refused_with_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidRecordError) as refusal:
        parse_json(data)
    assert refusal.value.reason == reason


@given(st.binary())
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(InvalidRecordError):
        parse_json(data)
