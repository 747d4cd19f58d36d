"""What a run leaves out, what it takes from templates, and whose labels count: its own or a teacher's."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from squall.core.errors import ConfigurationError
from squall.model.data.examples import Example
from squall.model.data.mentions.gravity import with_mention_gravity
from squall.model.data.mentions.rewriting import RENAMED
from squall.model.spans import UNKNOWN, Span
from squall.model.tasks import EVENTS, MENTION_EVENTS, MENTION_SEVERITY, NAMES, SENTIMENT, SEVERITY
from squall.model.training.recipe import load_recipe
from squall.model.training.techniques.distillation import with_own_labels

RECIPE = """
[[task]]
name = "sentiment"

[[part]]
path = "rows.csv"
labels = { sentiment = "label" }

[[excluded]]
path = "judges.csv"
text = "said"
"""


def test_texts_that_judge_and_their_near_copies_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(
        "text,label\nUPDATE 1-Bank fails!,negative\nbank fails https://t.co/x,negative\nGold rises,positive\n"
    )
    (tmp_path / "judges.csv").write_text("said\nBank fails\n")
    (tmp_path / "run.toml").write_text(RECIPE)
    assert [row.text for row in load_recipe(tmp_path / "run.toml", {}, {}).rows()] == ["Gold rises"]


def test_a_file_of_texts_that_judge_without_its_column_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\nGold rises,positive\n")
    (tmp_path / "judges.csv").write_text("text\nBank fails\n")
    (tmp_path / "run.toml").write_text(RECIPE)
    with pytest.raises(ConfigurationError, match=r"judges.csv has no column said"):
        load_recipe(tmp_path / "run.toml", {}, {}).rows()


def test_templates_are_filled_with_names_of_the_data_folder_and_need_one(tmp_path: Path) -> None:
    line = {"text": "Lender {A} fails", "severity": 4, "events": ["insolvency"], "tone": "negative", "orgs": {"A": [4, "negative"]}}
    (tmp_path / "own.jsonl").write_text(json.dumps(line) + "\n")
    (tmp_path / "run.toml").write_text('[[task]]\nname = "sentiment"\n[[template]]\npath = "own.jsonl"\n')
    with pytest.raises(ConfigurationError, match="there is no data folder"):
        load_recipe(tmp_path / "run.toml", {}, {}).written_rows()
    (tmp_path / "data" / "companies").mkdir(parents=True)
    (tmp_path / "data" / "companies" / "companies.csv.gz").write_bytes(gzip.compress(b"name,other_names\nNordhavn Bank,\n"))
    recipe = load_recipe(tmp_path / "run.toml", {"data": tmp_path / "data"}, {"template_copies": 2})
    assert [(row.text, row.source) for row in recipe.written_rows()] == [("Lender Nordhavn Bank fails", "own")] * 2


def test_labels_of_chosen_sources_take_the_place_of_what_teachers_say() -> None:
    rows = [
        Example("a", {SENTIMENT.name: 0, EVENTS.name: (1, 3)}, "own"),
        Example("b", {SENTIMENT.name: 2}, "own" + RENAMED),
        Example("c", {SENTIMENT.name: 2}, "public"),
        Example("d", {}, "own"),
    ]
    soft = {
        SENTIMENT.name: np.full((4, 3), 1 / 3, np.float32),
        EVENTS.name: np.full((4, len(EVENTS.labels)), 0.5, np.float32),
    }
    found = with_own_labels(soft, rows, (SENTIMENT, EVENTS), ("own",))
    np.testing.assert_allclose(found[SENTIMENT.name], [[1, 0, 0], [0, 0, 1], [1 / 3] * 3, [1 / 3] * 3], rtol=1e-6)
    assert np.flatnonzero(found[EVENTS.name][0]).tolist() == [1, 3]
    assert (found[EVENTS.name][1:] == 0.5).all()
    assert (soft[SENTIMENT.name] == np.float32(1 / 3)).all()


def test_the_severity_of_a_text_is_that_of_its_only_organisation_and_none_is_none_for_all() -> None:
    def severities(text: str, severity: float | None, *spans: Span) -> list[tuple[str, str]]:
        labels = {} if severity is None else {SEVERITY.name: severity}
        (row,) = with_mention_gravity([Example(text, labels, "", {NAMES.name: spans})], (MENTION_SEVERITY,))
        return [(row.text[span.start : span.end], span.label) for span in row.spans.get(MENTION_SEVERITY.name, ())]

    acme, brio, peru = Span(0, 4, "ORG"), Span(10, 14, "ORG"), Span(10, 14, "LOC")
    assert severities("Acme sues Brio", 0.25, acme, brio) == []
    assert severities("Acme sues Brio", 0.0, acme, brio) == [("Acme", "0"), ("Brio", "0")]
    assert severities("Acme sues Acme", 0.25, acme, brio) == [("Acme", "0.25"), ("Acme", "0.25")]
    assert severities("Acme sues Peru", 0.75, acme, peru) == [("Acme", "0.75")]
    assert severities("Acme sues Peru", None, acme) == []
    assert severities("Acme sues Peru", 0.5, Span(0, 4, UNKNOWN)) == []


def test_the_events_of_a_text_are_those_of_its_only_organisation_and_none_are_none_for_all() -> None:
    def events(happened: list[str], *spans: Span) -> list[str]:
        labels = {EVENTS.name: EVENTS.label(happened)}
        (row,) = with_mention_gravity([Example("Acme sues Brio", labels, "", {NAMES.name: spans})], (MENTION_SEVERITY, MENTION_EVENTS))
        assert MENTION_SEVERITY.name not in row.spans
        return [span.label for span in row.spans.get(MENTION_EVENTS.name, ())]

    acme, brio = Span(0, 4, "ORG"), Span(10, 14, "ORG")
    assert events(["legal", "fraud"], acme) == ["fraud;legal"]
    assert events(["legal"], acme, brio) == []
    assert events([], acme, brio) == ["none", "none"]
    assert MENTION_EVENTS.label("fraud;legal") == EVENTS.label(["legal", "fraud"])
