"""Spans from files, checked against their texts."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.errors import ConfigurationError
from squall.model.data.examples import Example, LabelledFile, load_examples
from squall.model.data.near_duplicates import deduplicate
from squall.model.spans import BadSpanError, Span, parse_spans, span_labels
from squall.model.tasks import SENTIMENT, TaskSpec

PLAIN = TaskSpec("entity", ("O", "B", "I"), "tokens")
TYPED = TaskSpec("entity", ("O", "B-Positive", "B-Negative", "I-Positive", "I-Negative"), "tokens")
TEXT = "Siemens beats Huhtamaki"


def _file(folder: Path, rows: list[dict[str, Any]], name: str = "rows.json") -> LabelledFile:
    (folder / name).write_text(json.dumps(rows) if name.endswith(".json") else "\n".join(map(json.dumps, rows)), encoding="utf-8")
    return LabelledFile(folder / name, {}, {}, source="s", spans={"entity": "found"})


@pytest.mark.parametrize("name", ["rows.json", "rows.jsonl"])
def test_spans_come_sorted_and_an_empty_list_is_a_label_too(tmp_path: Path, name: str) -> None:
    found = [{"start": 14, "end": 23, "value": "Huhtamaki", "label": "Negative"}, {"start": 0, "end": 7, "label": "positive"}]
    part = _file(tmp_path, [{"text": TEXT, "found": found}, {"text": "nobody", "found": []}, {"text": "unread"}], name)
    spans = (Span(0, 7, "Positive"), Span(14, 23, "Negative"))
    assert load_examples(part, [TYPED]) == [Example(TEXT, {}, "s", {"entity": spans}), Example("nobody", {}, "s", {"entity": ()})]


def test_spans_in_csv_are_json_and_in_parquet_lists(tmp_path: Path) -> None:
    found = [{"start": 0, "end": 7}]
    pd.DataFrame({"text": [TEXT], "found": [json.dumps(found)]}).to_csv(tmp_path / "rows.csv", index=False)
    pd.DataFrame({"text": [TEXT], "found": [found]}).to_parquet(tmp_path / "rows.parquet")
    for name in ("rows.csv", "rows.parquet"):
        assert load_examples(LabelledFile(tmp_path / name, {}, {}, spans={"entity": "found"}), [PLAIN])[0].spans == {
            "entity": (Span(0, 7),)
        }


def test_a_task_with_plain_tags_takes_spans_of_any_label() -> None:
    assert parse_spans([{"start": 0, "end": 7, "label": "whatever"}], TEXT, PLAIN) == (Span(0, 7, ""),)
    assert span_labels(PLAIN) == ("",)
    assert span_labels(TYPED) == ("Positive", "Negative")


@pytest.mark.parametrize(
    ("spans", "said"),
    [
        ([{"start": 0, "end": 24}], "out of range: the text has 23 characters"),
        ([{"start": 3, "end": 3}], "empty or out of range"),
        ([{"start": -1, "end": 3}], "out of range"),
        ([{"start": 0, "end": 7, "value": "Simens"}], "reads 'Siemens', its value is 'Simens'"),
        ([{"start": 0, "end": 7}, {"start": 6, "end": 9}], "0–7 and 6–9 overlap"),
        ([{"start": 0}], "not an object with start and end"),
        ([{"start": "0", "end": 7}], "offset '0' is not a whole number"),
        ([{"start": True, "end": 7}], "offset True is not a whole number"),
        ({"start": 0, "end": 7}, "not a list"),
        ({"start": 0}, "the text does not name 'start'"),
        (7, "not a list"),
        ("[{", "not JSON"),
    ],
)
def test_a_bad_span_is_named_with_file_and_row(tmp_path: Path, spans: Any, said: str) -> None:
    part = _file(tmp_path, [{"text": TEXT, "found": []}, {"text": TEXT, "found": spans}])
    with pytest.raises(ConfigurationError) as caught:
        load_examples(part, [PLAIN])
    assert "rows.json, row 2: " in str(caught.value)
    assert said in str(caught.value)


def test_an_unknown_span_label_is_refused_even_where_bad_spans_are_skipped(tmp_path: Path) -> None:
    part = _file(tmp_path, [{"text": TEXT, "found": [{"start": 0, "end": 7, "label": "happy"}]}])
    with pytest.raises(ConfigurationError, match="'happy' is not a span label of entity: allowed are Positive, Negative"):
        load_examples(LabelledFile(part.path, {}, {}, spans=part.spans, skip_bad_spans=True), [TYPED])


def test_rows_whose_spans_do_not_fit_are_left_out_and_counted_when_asked(tmp_path: Path) -> None:
    rows = [{"text": TEXT, "found": [{"start": 0, "end": 7}]}, {"text": "short", "found": [{"start": 0, "end": 2}, {"start": 4, "end": 9}]}]
    part = _file(tmp_path, rows)
    said: list[str] = []
    found = load_examples(LabelledFile(part.path, {}, {}, spans=part.spans, skip_bad_spans=True), [PLAIN], said.append)
    assert [row.text for row in found] == [TEXT]  # a text with one mention untold would teach that it is none
    assert len(said) == 1
    assert "left out the spans of 1 rows" in said[0]
    assert "row 2" in said[0]


def test_spans_are_for_tokens_tasks_and_labels_for_text_tasks(tmp_path: Path) -> None:
    part = _file(tmp_path, [{"text": TEXT, "found": []}])
    for wrong in (LabelledFile(part.path, {"entity": "found"}, {}), LabelledFile(part.path, {}, {}, spans={"sentiment": "found"})):
        with pytest.raises(ConfigurationError, match="is of kind"):
            load_examples(wrong, [PLAIN, SENTIMENT])


def test_copies_keep_the_spelling_that_the_spans_count_in() -> None:
    spans = {"entity": (Span(0, 7),)}
    rows = [
        Example("SIEMENS beats!", {"sentiment": 2}, "a"),
        Example("Siemens beats", {}, "b", spans),
        Example("Siemens, beats", {}, "c", {"entity": ()}),
    ]
    assert deduplicate(rows) == [Example("Siemens beats", {"sentiment": 2}, "b", spans)]


def test_copies_whose_spans_disagree_lose_them() -> None:
    rows = [Example(TEXT, {"sentiment": 2}, "a", {"entity": (Span(0, 7),)}), Example(TEXT, {}, "b", {"entity": ()})]
    assert deduplicate(rows) == [Example(TEXT, {"sentiment": 2}, "a")]


OFFSETS = st.integers(-2, 30)


@given(st.text(min_size=1, max_size=20), st.lists(st.tuples(OFFSETS, OFFSETS), max_size=4))
def test_what_is_read_is_in_range_sorted_and_apart(text: str, offsets: list[tuple[int, int]]) -> None:
    try:
        spans = parse_spans([{"start": start, "end": end} for start, end in offsets], text, PLAIN)
    except BadSpanError:
        return
    assert len(spans) == len(offsets)
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))


def test_finentity_has_known_defects_and_is_read_around_them(data_folder: Path) -> None:
    path = data_folder / "finentity" / "FinEntity.json"
    part = LabelledFile(path, {}, {}, "content", spans={"entity": "annotations"}, skip_bad_spans=True)
    said: list[str] = []
    rows = load_examples(part, [PLAIN], said.append)
    assert (len(rows), len(deduplicate(rows))) == (941, 931)
    assert "38 rows" in said[0]
