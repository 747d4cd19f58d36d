"""The headlines of our own in `model/labelled`, as its README describes them."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from sklearn.metrics import cohen_kappa_score

from squall.model.checkpoint import SHIPPED
from squall.model.data.examples import Example, LabelledFile, load_examples
from squall.model.data.near_duplicates import group_key
from squall.model.data.tables import texts_in
from squall.model.tasks import EVENTS, MENTION_EVENTS, MENTION_SENTIMENT, MENTION_SEVERITY, NAMES, SENTIMENT, SEVERITY

LABELLED = SHIPPED.parent / "labelled"
PATH = LABELLED / "headlines.jsonl"
TASKS = (SEVERITY, EVENTS, SENTIMENT, NAMES, MENTION_SENTIMENT, MENTION_SEVERITY, MENTION_EVENTS)
LABELS = {"severity": "severity", "events": "events", "sentiment": "tone"}
SPANS = {"names": "names", "mention_sentiment": "tones", "mention_severity": "severities", "mention_events": "events_of"}


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    return load_examples(LabelledFile(PATH, LABELS, {}, spans=SPANS), TASKS)


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    return [json.loads(line) for line in PATH.read_text(encoding="utf-8").splitlines()]


def test_every_headline_has_severity_events_tone_and_spans_that_fit_it(examples: list[Example]) -> None:
    assert len(examples) >= 11_200
    assert all({"severity", "events", "sentiment"} <= set(row.labels) and "names" in row.spans for row in examples)


def test_no_mark_of_the_one_who_wrote_them_is_left_in_a_text(lines: list[dict[str, Any]]) -> None:
    assert [line["text"] for line in lines if set(line["text"]) & set("[]{}<>^|")] == []


def test_two_fifths_are_calm_and_every_grade_and_event_has_examples(lines: list[dict[str, Any]]) -> None:
    grades = Counter(line["severity"] for line in lines)
    events = Counter(event for line in lines for event in line["events"].split(";"))
    assert 0.35 < (grades["0"] + 0.5 * grades["0.25"]) / len(lines) < 0.5
    assert min(grades[grade] for grade in ("0", "0.25", "0.5", "0.75", "1")) >= 100
    assert min(events[event] for event in EVENTS.labels) >= 50


def test_no_headline_is_a_copy_of_another_or_of_a_text_that_judges(examples: list[Example]) -> None:
    keys = [group_key(row.text) for row in examples]
    assert [key for key, times in Counter(keys).items() if times > 1] == []
    judging = texts_in(LABELLED / "severity_test.csv", "text")
    judging += [text for side in ("a", "b") for text in texts_in(LABELLED / "minimal_pairs.jsonl", side)]
    assert set(keys) & {group_key(text) for text in judging} == set()


def test_two_readings_of_9250_headlines_agree(lines: list[dict[str, Any]]) -> None:
    read = [line for line in lines if "severity_2" in line]
    first, second = ([int(line[column]) for line in read] for column in ("severity_1", "severity_2"))
    assert len(read) == 9250
    assert cohen_kappa_score(first, second, weights="quadratic") == pytest.approx(0.987, abs=0.002)
    found = [(set(filter(None, line["events_1"].split("|"))), set(filter(None, line["events_2"].split("|")))) for line in read]
    both = sum(len(one & other) for one, other in found)
    assert 2 * both / sum(len(one) + len(other) for one, other in found) == pytest.approx(0.948, abs=0.002)


def test_lookalikes_have_labels_and_spans_that_fit_and_are_no_copies_of_what_judges(examples: list[Example]) -> None:
    rows = load_examples(LabelledFile(LABELLED / "lookalikes.jsonl", LABELS, {}, spans=SPANS), TASKS)
    assert len(rows) == 2990
    assert all({"severity", "events", "sentiment"} <= set(row.labels) and "names" in row.spans for row in rows)
    judging = texts_in(LABELLED / "severity_test.csv", "text")
    judging += [text for side in ("a", "b") for text in texts_in(LABELLED / "minimal_pairs.jsonl", side)]
    known = {group_key(row.text) for row in examples} | {group_key(text) for text in judging}
    assert sum(group_key(row.text) in known for row in rows) == 0
