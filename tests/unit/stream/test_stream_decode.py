"""Kafka messages to items."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.codec import HEADERS, SCHEMA_HEADER, encode_document
from squall.core.items import RAW_LIMIT, Deletion, Origin
from squall.stream.drivers.faust.decode import decode_item
from tests.support.doubles import document

ORIGIN = Origin("documents", 2, 17)


def test_a_document_comes_with_its_origin() -> None:
    item = decode_item(encode_document(document(3)), HEADERS, ORIGIN)
    assert (item.document, item.rejection, item.origin) == (document(3), None, ORIGIN)


def test_a_rejection_keeps_the_message_as_far_as_it_is_bounded() -> None:
    item = decode_item(b"{" * (RAW_LIMIT * 3), None, ORIGIN)
    assert item.document is None
    assert item.rejection is not None
    assert (item.rejection.reason, item.rejection.raw) == ("broken_json", b"{" * RAW_LIMIT)


def test_a_tombstone_has_its_document_deleted() -> None:
    item = decode_item(None, HEADERS, ORIGIN, document(3).id.encode())
    assert item.deletion == Deletion(document(3).id)
    assert (item.document, item.rejection) == (None, None)


@pytest.mark.parametrize("key", [None, b"", b"abc", b"G" * 32, b"0" * 33])
def test_a_message_without_a_value_whose_key_is_no_document_is_a_rejection(key: bytes | None) -> None:
    item = decode_item(None, None, ORIGIN, key)
    assert item.rejection is not None
    assert (item.rejection.reason, item.rejection.raw) == ("empty_message", b"")


@given(st.none() | st.binary(), st.none() | st.dictionaries(st.sampled_from([SCHEMA_HEADER, "x"]), st.binary()))
def test_no_message_stops_the_stream(value: bytes | None, headers: dict[str, bytes] | None) -> None:
    item = decode_item(value, headers, ORIGIN)
    assert (item.document is None) != (item.rejection is None)
