"""Labelled files into rows, and a split no text crosses."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.errors import ConfigurationError
from squall.model.data.dev_split import split
from squall.model.data.examples import Example, LabelledFile, load_examples
from squall.model.data.near_duplicates import deduplicate, group_key
from squall.model.data.public_sets import sentfin_examples
from squall.model.outputs import target_array
from squall.model.preprocess import prepare
from squall.model.tasks import DEFAULT_TASKS, MISSING, SENTIMENT, TOPIC, TaskSpec

TFN = ("negative", "positive", "neutral")


def _csv(folder: Path, text: str) -> Path:
    path = folder / "rows.csv"
    path.write_text(text, encoding="utf-8")
    return path


def _part(path: Path, **more: object) -> LabelledFile:
    return LabelledFile(path, {"sentiment": "label"}, {"sentiment": TFN}, **more)  # type: ignore[arg-type]


def test_integers_mean_what_the_order_says(tmp_path: Path) -> None:
    rows = load_examples(_part(_csv(tmp_path, "text,label\na b,0\nc d,1\ne f,2\n")), DEFAULT_TASKS)
    assert [SENTIMENT.labels[row.labels["sentiment"]] for row in rows] == ["negative", "positive", "neutral"]


def test_names_and_their_market_aliases_are_labels(tmp_path: Path) -> None:
    rows = load_examples(_part(_csv(tmp_path, "text,label\na,Bearish\nb,bullish\nc, neutral\n")), DEFAULT_TASKS)
    assert [row.labels["sentiment"] for row in rows] == [0, 2, 1]


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "parquet", "jsonl", "jsonl.gz"])
def test_every_kind_of_file_gives_the_same_rows(tmp_path: Path, kind: str) -> None:
    table = pd.DataFrame({"text": ["up, up", 'a "b"\nc'], "label": [1, 0]})
    path = tmp_path / f"rows.{kind}"
    if kind.startswith("csv"):
        table.to_csv(path, index=False)
    elif kind == "parquet":
        table.to_parquet(path)
    else:
        body = table.to_json(orient="records", lines=True).encode()
        path.write_bytes(gzip.compress(body) if kind.endswith("gz") else body)
    rows = load_examples(_part(path, source="s"), DEFAULT_TASKS)
    assert rows == [Example("up, up", {"sentiment": 2}, "s"), Example('a "b"\nc', {"sentiment": 0}, "s")]


def test_a_row_may_carry_any_subset_of_the_labels(tmp_path: Path) -> None:
    path = _csv(tmp_path, "text,mood,about\nfirst,negative,\nsecond,,Macro\nthird,,\nfourth,positive,IPO\n")
    rows = load_examples(LabelledFile(path, {"sentiment": "mood", "topic": "about"}, {}), DEFAULT_TASKS)
    assert [set(row.labels) for row in rows] == [{"sentiment"}, {"topic"}, {"sentiment", "topic"}]
    assert target_array(TOPIC, [row.labels.get("topic") for row in rows]).tolist() == [
        MISSING,
        TOPIC.labels.index("Macro"),
        TOPIC.labels.index("IPO"),
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("text,label\nfine,1\nwrong,happy\n", ["row 2", "'happy'", "negative, neutral, positive"]),
        ("text,label\nfine,1\nwrong,3\n", ["row 2", "'3'", "0 to 2"]),
        ("text,label\n  ,1\n", ["row 1", "text is empty"]),
        ("words,label\na,1\n", ["no column text", "words, label"]),
    ],
)
def test_a_bad_row_is_named_with_what_is_allowed(tmp_path: Path, body: str, said: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_examples(_part(_csv(tmp_path, body)), DEFAULT_TASKS)
    for words in said:
        assert words in str(caught.value)


@pytest.mark.parametrize(("name", "body"), [("rows.xml", b"<a/>"), ("rows.parquet", b"not parquet"), ("rows.jsonl", b"{nope")])
def test_a_file_that_is_no_table_is_a_clear_error(tmp_path: Path, name: str, body: bytes) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises(ConfigurationError, match=name):
        load_examples(_part(tmp_path / name), DEFAULT_TASKS)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        load_examples(_part(tmp_path / "none.csv"), DEFAULT_TASKS)


def test_copies_merge_and_keep_the_labels_of_both_sets() -> None:
    rows = deduplicate([Example("Oil falls https://t.co/x", {"topic": 6}, "a"), Example("OIL FALLS!", {"sentiment": 0}, "b")])
    assert rows == [Example("Oil falls https://t.co/x", {"topic": 6, "sentiment": 0}, "a")]


def test_copies_that_disagree_lose_the_label() -> None:
    rows = [
        Example("Oil falls", {"topic": 6, "sentiment": 0}),
        Example("oil falls.", {"sentiment": 2}),
        Example("x y", {"topic": 1}),
        Example("x, y", {"topic": 2}),
    ]
    assert deduplicate(rows) == [Example("Oil falls", {"topic": 6})]


TEXTS = st.text(alphabet="abz AB.,!$%1é", min_size=1, max_size=12).filter(lambda text: bool(text.strip()))


@given(st.lists(TEXTS, max_size=60), st.integers(0, 5))
def test_no_group_is_on_both_sides_of_the_split(texts: list[str], seed: int) -> None:
    rows = [Example(text, {"topic": 0}) for text in texts]
    train, dev = split(rows, dev_share=0.5, seed=seed)
    assert sorted(row.text for row in train + dev) == sorted(texts)
    assert not {group_key(row.text) for row in train} & {group_key(row.text) for row in dev}


def test_the_side_of_a_text_does_not_depend_on_the_rest_of_the_set() -> None:
    rows = [Example(f"text number {i}", {"topic": 0}) for i in range(400)]
    _, dev = split(rows, dev_share=0.25, seed=1)
    _, dev_of_half = split(rows[::2], dev_share=0.25, seed=1)
    assert 60 < len(dev) < 140
    assert {row.text for row in dev_of_half} == {row.text for row in dev} & {row.text for row in rows[::2]}


def test_sentfin_keeps_only_headlines_of_one_mood(tmp_path: Path) -> None:
    path = tmp_path / "SEntFiN.csv"
    table = {
        "Title": ["one", "two", "broken"],
        "Decisions": ["{'A': 'positive', 'B': 'positive'}", "{'A': 'positive', 'B': 'negative'}", "{'A': "],
    }
    pd.DataFrame(table).to_csv(path, index=False)
    assert sentfin_examples(path, SENTIMENT) == [Example("one", {"sentiment": 2}, tmp_path.name)]


def test_a_task_needs_distinct_labels() -> None:
    with pytest.raises(ConfigurationError, match="distinct"):
        TaskSpec("mood", ("good", "good"))


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  Oil\n\tfalls  https://t.co/abc now ", "Oil falls now"),
        ("A&amp;B &lt;up&gt;", "A&B <up>"),
        ("a\x00b\u200bc\ud800d", "a b c d"),
        ("https://t.co/only", ""),
        ("Toyo Seikan <5901.T>-6-month forecast", "Toyo Seikan -6-month forecast"),
        ("Apple <AAPL.O>, euro <EUR=> and &lt;.SPX&gt; < 3% > 2%", "Apple , euro and < 3% > 2%"),
        ("", ""),
    ],
)
def test_text_is_prepared_for_the_tokenizer(raw: str, clean: str) -> None:
    assert prepare(raw, 64) == clean


@given(st.text(max_size=300))
def test_prepared_text_is_never_longer_and_has_no_control_characters(text: str) -> None:
    clean = prepare(text, 16)
    assert len(clean) <= max(len(text), 16 * 24)
    assert clean == clean.strip()
    assert "\x00" not in clean
