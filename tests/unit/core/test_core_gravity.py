"""Words for severity and events."""

from __future__ import annotations

from pathlib import Path

import pytest

from squall.core.gravity.event_kinds import EVENT_KINDS, KINDS, event_label
from squall.core.gravity.severities import GRADES, SEVERITIES, severity_word
from squall.core.gravity.words import gravity_words


@pytest.mark.parametrize(
    ("severity", "word"),
    [
        (0, "nothing adverse"),
        (0.12, "nothing adverse"),
        (0.125, "setback"),
        (0.4, "serious"),
        (0.62, "serious"),
        (0.7, "grave"),
        (1, "ruin"),
    ],
)
def test_a_severity_has_the_word_of_the_nearest_grade(severity: float, word: str) -> None:
    assert severity_word(severity) == word


def test_grades_are_evenly_spaced_as_the_ordinal_head_reads_them() -> None:
    assert [grade.position for grade in GRADES] == [i / (len(SEVERITIES) - 1) for i in range(len(SEVERITIES))]


def test_every_event_has_a_name_a_label_a_meaning_and_two_examples_of_its_own() -> None:
    assert len(set(EVENT_KINDS)) == len({kind.label for kind in KINDS}) == len({kind.meaning for kind in KINDS}) == 15
    examples = [text for entry in (*KINDS, *GRADES) for text in entry.examples]
    assert len(set(examples)) == 2 * (15 + 5)


def test_an_event_of_a_users_own_is_called_by_its_name() -> None:
    assert [event_label(name) for name in ("cyber", "supply_chain", "_")] == ["cyber attack or data breach", "supply chain", "_"]


def test_the_docs_have_the_words_and_meanings_that_page_and_mails_use() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "severity.md").read_text()
    for grade in GRADES:
        assert f"| {grade.position:g} | {grade.word} | {grade.meaning} | *{grade.examples[0]}*; *{grade.examples[1]}* |" in page
    for kind in KINDS:
        assert f"| `{kind.name}` | {kind.label} | {kind.meaning} | *{kind.examples[0]}*; *{kind.examples[1]}* |" in page


@pytest.mark.parametrize(
    ("severity", "events", "words"),
    [
        (0.8, ("accident", "own_event"), "grave: accident or disaster, own event"),
        (0.4, (), "serious"),
        (0.05, ("legal",), "fine, lawsuit or settlement"),
        (None, (), ""),
    ],
)
def test_a_document_says_in_a_few_words_what_happened_and_how_grave_it_is(
    severity: float | None, events: tuple[str, ...], words: str
) -> None:
    assert gravity_words(severity, events) == words
