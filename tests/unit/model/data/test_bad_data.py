"""Bad files and bad rows: where, what, and what is allowed."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from squall.core.errors import ConfigurationError
from squall.model.data.class_coverage import missing_classes, require_classes
from squall.model.data.examples import Example, LabelledFile, load_examples
from squall.model.data.tables import read_table
from squall.model.spans import Span
from squall.model.tasks import DEFAULT_TASKS, SENTIMENT, TaskSpec

GOOD = b"text,label\nfine,0\n"


def _complaint(path: Path, body: bytes) -> str:
    path.write_bytes(body)
    with pytest.raises(ConfigurationError) as caught:
        load_examples(LabelledFile(path, {"sentiment": "label"}, {}), DEFAULT_TASKS)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("latin.csv", b"text,label\nfine,0\ncaf\xe9,1\n", ["line 3 is not UTF-8", "0xe9"]),
        ("wide.csv", "text,label\nfine,0\n".encode("utf-16"), ["line 1 is not UTF-8"]),
        ("twins.csv", b"text,label,label\na,0,1\n", ["several columns are named label"]),
        ("long.csv", b"text,label\nfine,0\na,b,1\n", ["line 3 has 3 fields, the header 2"]),
        ("short.csv", b"text,label\nfine,0\na\n", ["line 3 has 1 fields"]),
        ("quote.csv", b'text,label\nfine,0\n"open,1\nmore,2\n', ["line 4", "unexpected end of data"]),
        ("header.csv", b"text,label\n", ["has no rows"]),
        ("nothing.csv", b"", ["has no rows"]),
        ("cut.csv.gz", gzip.compress(GOOD * 50, mtime=0)[:-12], ["gzip data is truncated or corrupt"]),
        ("plain.csv.gz", GOOD, ["gzip data is truncated or corrupt"]),
        ("lines.jsonl", b'{"text": "a", "label": 0}\n\n{"text": "b", "label"\n', ["line 3"]),
        ("list.jsonl", b'{"text": "a", "label": 0}\n[1]\n', ["line 2 is list, not an object"]),
        ("object.json", b'{"text": "a", "label": 0}', ["not an array of objects"]),
        ("item.json", b'[{"text": "a", "label": 0}, 5]', ["item 2 is int"]),
        ("rows.parquet", b"PAR1 not really", ["can't be read as parquet"]),
        ("rows.xls", b"x", ["unknown type", ".csv, .parquet, .jsonl"]),
        ("empty.csv", b"text,label\na,\nb,\n", ["column label is empty throughout", "text, label"]),
        ("half.csv", b"text,label\na,1\nb,1.5\n", ["row 2", "'1.5'", "negative, neutral, positive or 0 to 2"]),
        ("null.jsonl", b'{"text": "a", "label": 0}\n{"text": null, "label": 0}\n', ["row 2", "text is empty"]),
        ("absent.jsonl", b'{"text": "a", "label": 0}\n{"label": 0}\n', ["row 2", "text is empty"]),
        ("number.jsonl", b'{"text": 7, "label": 0}\n', ["row 1", "holds 7, not a text"]),
        ("yes.jsonl", b'{"text": "a", "label": true}\n', ["row 1", "True is not a label"]),
        ("list.json", b'[{"text": "a", "label": [0]}]', ["row 1", "[0] is not a label"]),
    ],
)
def test_what_is_wrong_with_a_file_is_reported_with_its_place(tmp_path: Path, name: str, body: bytes, said: list[str]) -> None:
    complaint = _complaint(tmp_path / name, body)
    for words in (name, *said):
        assert words in complaint


def test_a_parquet_file_with_two_columns_of_one_name_is_refused(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array([0]), pa.array([1])], names=["text", "label", "label"])
    pq.write_table(table, tmp_path / "rows.parquet")
    with pytest.raises(ConfigurationError, match="label"):
        read_table(tmp_path / "rows.parquet")


def test_a_missing_number_in_parquet_is_a_missing_label(tmp_path: Path) -> None:
    pd.DataFrame({"text": ["a", "b"], "label": [2.0, float("nan")]}).to_parquet(tmp_path / "rows.parquet")
    assert load_examples(LabelledFile(tmp_path / "rows.parquet", {"sentiment": "label"}, {}), DEFAULT_TASKS) == [
        Example("a", {"sentiment": 2}, tmp_path.name)
    ]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_bytes(b"\xef\xbb\xbftext,label\r\nfine,0\r\n\r\n")
    assert load_examples(LabelledFile(tmp_path / "rows.csv", {"sentiment": "label"}, {}), DEFAULT_TASKS) == [
        Example("fine", {"sentiment": 0}, tmp_path.name)
    ]


def test_line_separators_inside_json_strings_are_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "a\u2028b", "label": 0}\n', encoding="utf-8")
    assert read_table(tmp_path / "rows.jsonl")["text"].tolist() == ["a\u2028b"]


def test_classes_without_rows_are_named() -> None:
    entity = TaskSpec("entity", ("O", "B-up", "I-up", "B-down", "I-down"), "tokens")
    rows = [Example("a b", {"sentiment": 0}, spans={"entity": (Span(0, 1, "up"),)}), Example("c", {"sentiment": 2})]
    assert missing_classes(rows, [SENTIMENT, entity]) == {"sentiment": ["neutral"], "entity": ["down"]}
    assert missing_classes(rows, [TaskSpec("entity", ("O", "B", "I"), "tokens")]) == {"entity": ["B"]}


def test_a_class_without_a_training_row_is_an_error_unless_allowed() -> None:
    some, every = [Example("a", {"sentiment": 0})], [Example(str(i), {"sentiment": i}) for i in range(3)]
    with pytest.raises(ConfigurationError, match=r"no training row of sentiment has 'neutral', 'positive'.*allow_missing_classes"):
        require_classes(some, every, [SENTIMENT])
    assert require_classes(some, every, [SENTIMENT], allow_missing=True) == ["no training row of sentiment has 'neutral', 'positive'"]


def test_a_class_without_a_held_out_row_is_a_warning() -> None:
    every = [Example(str(i), {"sentiment": i}) for i in range(3)]
    assert require_classes(every, every, [SENTIMENT]) == []
    assert require_classes(every, every[:2], [SENTIMENT]) == ["no held-out row of sentiment has 'positive'"]
