"""`squall.documents`: files as validated documents."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import squall
from squall.core.clock import ManualClock

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
ROW = {"title": "Harbor Union Bank halts withdrawals", "published_at": "2026-03-02T14:05:00Z", "source": "desk"}


def test_rows_become_documents_in_order(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(json.dumps(ROW | {"title": f"Headline number {n}"}) for n in range(1_200)).encode()))
    found = list(squall.documents(path, clock=ManualClock(NOW)))
    assert [document.title for document in found] == [f"Headline number {n}" for n in range(1_200)]
    assert found[0].published_at == datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
    assert (found[0].source, found[0].kind, found[0].collected_at) == ("desk", squall.Kind.NEWS, NOW)


def test_columns_source_and_kind_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text("when;body\n2026-03-02T14:05:00Z;Gold steadies as the dollar slips\n")
    named = squall.documents(
        path, columns={"text": "body", "published_at": "when"}, source="vendor", kind="social", delimiter=";", clock=ManualClock(NOW)
    )
    (document,) = named
    assert (document.text, document.source, document.kind) == ("Gold steadies as the dollar slips", "vendor", squall.Kind.SOCIAL)


def test_a_bad_row_raises_with_file_row_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text(json.dumps(ROW) + "\n{broken\n" + json.dumps(ROW) + "\n")
    reader = squall.documents(path, clock=ManualClock(NOW))
    next(reader)
    with pytest.raises(squall.InvalidRecordError, match=r"news\.jsonl, row 2") as caught:
        next(reader)
    assert caught.value.reason == "broken_json"


def test_a_bad_row_is_handed_over_and_its_neighbours_are_read(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text(json.dumps(ROW) + "\n{broken\n" + json.dumps(ROW | {"title": "A second headline here"}) + "\n")
    bad: list[tuple[int, str]] = []
    found = list(squall.documents(path, on_reject=lambda row, why: bad.append((row, why.reason)), clock=ManualClock(NOW)))
    assert (len(found), bad) == (2, [(2, "broken_json")])


def test_a_missing_file_is_refused_at_the_call(tmp_path: Path) -> None:
    with pytest.raises(squall.ConfigurationError, match=r"nope\.csv"):
        squall.documents(tmp_path / "nope.csv")
