"""Sentences made from templates: what fills a slot, what labels they carry, and what a broken line says."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.errors import ConfigurationError
from squall.model.data.templates.filling import Fillers, fill
from squall.model.data.templates.reading import read_templates, template_examples
from squall.model.spans import UNKNOWN
from squall.model.tasks import DEFAULT_TASKS, EVENTS, KNOWN_TASKS, MENTION_EVENTS, MENTION_SENTIMENT, MENTION_SEVERITY, NAMES

OF_NAMES = (MENTION_SENTIMENT.name, MENTION_SEVERITY.name, MENTION_EVENTS.name)
FILLERS = Fillers(["Acme", "Nordhavn Bank"], ["Peru", "Lyon"], ["Ann"], ["Okafor"])
LINE = {
    "text": "Lender {A} sues {B} over {person}'s {money:2-900} deal in {place}",
    "severity": 1,
    "events": ["legal"],
    "tone": "negative",
    "orgs": {"A": [0, "neutral"], "B": [1, "negative"]},
}


def _file(folder: Path, *lines: dict[str, object]) -> Path:
    path = folder / "own.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def _companies(folder: Path) -> Path:
    path = folder / "companies.csv"
    path.write_text("name,other_names\nAcme Inc.,\nNORDHAVN BANK PLC,Nordhavn\nKestrel Freight Corp,\n")
    return path


GOOD = {"text": "{A} wins {place} order.", "severity": 0, "events": [], "tone": "positive", "orgs": {"A": [0, "positive"]}}
BAD = {"text": "{A} folds, {ticker:A} halted", "severity": 4, "events": ["insolvency"], "tone": "negative", "orgs": {"A": [4, "negative"]}}


@given(st.integers(0, 10_000))
def test_filled_slots_are_where_they_are_said_to_be_and_those_of_a_name_read_alike(seed: int) -> None:
    text, slots = fill("Retailer {A} buys {B}, says {A} in {q} on {date}", FILLERS, random.Random(seed))
    assert [slot.key for slot in slots] == ["A", "B", "A", "q", "date"]
    first, other, again = (text[slot.start : slot.end] for slot in slots[:3])
    assert {first, other} == {"Acme", "Nordhavn Bank"}
    assert first == again


@given(st.integers(0, 10_000), st.integers(1, 90), st.integers(0, 9))
def test_a_percentage_lies_in_its_range(seed: int, low: int, width: int) -> None:
    text, _ = fill(f"{{pct:{low}-{low + width}}}", FILLERS, random.Random(seed))
    number = float(text.split("%")[0].split(" ")[0])
    assert low - 0.05 <= number <= low + width + 0.05


@given(st.integers(0, 10_000))
def test_a_slot_beside_digits_is_filled_with_digits_and_a_year_has_no_comma(seed: int) -> None:
    text, _ = fill("EPS 3{n:1-9} cents, {n:2-9},000 jobs, 4{n:0-9}.5, since {n:1950-1985}", FILLERS, random.Random(seed))
    assert re.fullmatch(r"EPS 3\d cents, \d,000 jobs, 4\d\.5, since 19\d\d", text)


def test_a_template_in_lower_case_or_in_capitals_is_filled_in_its_case() -> None:
    assert fill("retailer {A} folds in {place}", FILLERS, random.Random(1))[0].islower()
    assert fill("{A} FOLDS IN {place}", FILLERS, random.Random(1))[0].isupper()


def test_a_template_gives_labels_for_the_text_and_for_each_name(tmp_path: Path) -> None:
    tasks = tuple(KNOWN_TASKS.values())
    rows = template_examples([_file(tmp_path, LINE)], _companies(tmp_path), tasks, copies=3, seed=1)
    assert len({row.text for row in rows}) == 3
    for row in rows:
        assert row.labels == {"sentiment": 0, "severity": 0.25, "events": EVENTS.label(["legal"])}
        assert [span.label for span in row.spans[MENTION_SENTIMENT.name]] == ["neutral", "negative"]
        assert [span.label for span in row.spans[MENTION_SEVERITY.name]] == ["none", "setback"]
        assert [span.label for span in row.spans[MENTION_EVENTS.name]] == ["none", "legal"]
        assert [span.label for span in row.spans[NAMES.name] if span.label != UNKNOWN] == ["ORG", "ORG", "PER", "LOC"]
        assert "NORDHAVN" not in row.text
        assert "Plc" not in row.text


def test_heads_that_a_run_lacks_get_no_labels(tmp_path: Path) -> None:
    (row,) = template_examples([_file(tmp_path, LINE)], _companies(tmp_path), DEFAULT_TASKS, copies=1, seed=1)
    assert set(row.labels) == {"sentiment"}
    assert not row.spans


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"severity": 5}, "severity: Input should be less than 5"),
        ({"events": ["tornado"]}, "'tornado' is not a label of events"),
        ({"tone": "sour"}, "'sour' is not a label of sentiment"),
        ({"orgs": {}}, "orgs has nothing, the text A, B"),
        ({"text": "Lender {A} sues {B} for {sum}"}, r"\{sum\} is no slot"),
        ({"text": "Lender {A} sues {B} for {money:many}"}, "has no range"),
        ({"text": "Lender {A} sues {B} for {money:9-2}"}, "from more to less"),
    ],
)
def test_a_line_that_is_no_template_is_named_with_what_is_wrong(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = _file(tmp_path, LINE, {**LINE, **change})
    with pytest.raises(ConfigurationError, match=rf"own.jsonl, line 2: .*{said}"):
        read_templates(path)


def test_two_templates_in_one_text_keep_what_each_says_of_its_organisations(tmp_path: Path) -> None:
    tasks = tuple(KNOWN_TASKS.values())
    rows = template_examples([_file(tmp_path, GOOD, BAD)], _companies(tmp_path), tasks, copies=2, seed=3, joined=1.0)
    joined = [row for row in rows if row.source == "joined"]
    assert (len(rows), len(joined)) == (8, 4)
    for row in joined:
        assert row.labels == {"severity": 1.0, "events": EVENTS.label(["insolvency"])}
        said = {
            (tone.label, grade.label, events.label) for tone, grade, events in zip(*(row.spans[name] for name in OF_NAMES), strict=True)
        }
        assert said == {("positive", "none", "none"), ("negative", "ruin", "insolvency")}
        names = {row.text[span.start : span.end] for span in row.spans[MENTION_SENTIMENT.name]}
        assert len(names) == 3, "two names and a ticker"


def test_templates_are_joined_only_where_there_are_slots_for_all_their_organisations(tmp_path: Path) -> None:
    two = LINE | {"text": "{A} sues {B}"}
    rows = template_examples([_file(tmp_path, two, two)], _companies(tmp_path), tuple(KNOWN_TASKS.values()), copies=1, seed=3, joined=1.0)
    assert [row.source for row in rows] == ["own", "own"]
