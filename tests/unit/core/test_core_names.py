"""Names from outside are one line: they become parts of log lines, mail headers, labels and lines of the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from squall.core.codec import decode_document, encode_document
from squall.core.records import Document, Kind
from squall.core.text import clean_name

NOW = datetime(2026, 3, 2, tzinfo=UTC)
FIELDS: dict[str, Any] = {"id": "0" * 32, "kind": Kind.NEWS, "published_at": NOW, "collected_at": NOW}


@given(st.text())
def test_a_name_is_one_line_without_control_and_direction_characters(text: str) -> None:
    name = clean_name(text, 200)
    assert len(name) <= 200
    assert len(name.splitlines()) <= 1
    assert name == name.strip()
    assert not any(ord(each) < 0x20 or 0x7F <= ord(each) < 0xA0 or each in "\u202e\u2066\u200f\ufeff" for each in name)


def test_names_of_a_document_are_one_line_whatever_way_it_comes() -> None:
    forged = "Desk\r\nBcc: all@example.com\x85\u2028 \u202eend"
    document = Document(**FIELDS, text="a\nb", symbols=("A\nB",), source=forged, author=forged, title=forged, url=f"https://host/{forged}")
    assert document.source == document.author == document.title == "Desk Bcc: all@example.com end"
    assert document.url == "https://host/Desk Bcc: all@example.com end"
    assert document.symbols == ("A B",)
    assert document.text == "a\nb"
    assert decode_document(encode_document(document).replace(b"Desk Bcc", b"Desk\\r\\n\\tBcc")) == document


def test_of_very_many_symbols_the_first_are_kept_quickly() -> None:
    symbols = tuple(f"S{number}" for number in range(300_000))
    assert Document(**FIELDS, text="a", source="s", symbols=symbols).symbols == symbols[:50]
