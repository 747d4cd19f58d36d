"""Mentions made of links and a reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.clock import ManualClock
from squall.core.errors import ModelFaultError
from squall.core.records import MOST_MENTIONS, EntityKind, Event
from squall.stream.document_scoring import DocumentScorer
from squall.stream.mentions import FOUND_WEIGHT, Wanted, WantedOf, mean_severity, mentions, wanted_subjects
from tests.support.doubles import READ_UNTIL, START, FixedReading, HashScorer, document

CLOCK = ManualClock(START)


@dataclass(frozen=True)
class SimpleLink:
    entity: str
    start: int
    end: int
    role: str = "subject"
    relevance: float = 0.5
    kind: EntityKind = EntityKind.COMPANY
    symbols: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.entity


@dataclass
class WordLinker:
    """Links the names that the model found; `unlinkable` words make it fail as programs do."""

    version: str = "words-1"
    error: Exception = field(default_factory=lambda: KeyError("no such place"))
    calls: list[dict[str, object]] = field(default_factory=list)

    def link(
        self,
        text: str,
        *,
        title_length: int = 0,
        names: Sequence[tuple[int, int, str]] = (),
        names_within: Sequence[tuple[int, int]] = (),
        symbols: Sequence[str] = (),
    ) -> list[SimpleLink]:
        self.calls.append({"text": text, "title_length": title_length, "names": names, "names_within": names_within, "symbols": symbols})
        if "unlinkable" in text:
            raise self.error
        return [SimpleLink(f"found:{text[start:end].lower()}", start, end) for start, end, _ in names]


def reading_of(tones: dict[tuple[int, int], tuple[float, float, float]]) -> FixedReading:
    class Told(FixedReading):
        def tone(self, row: int, spans: Sequence[tuple[int, int]]):  # type: ignore[no-untyped-def]
            return np.array([tones[span] for span in spans], dtype=np.float32)

    return Told(np.zeros((1, 20), np.float32), np.zeros((1, 3), np.float32), "m1")


def test_the_tone_of_an_entity_is_the_mean_over_its_occurrences() -> None:
    reading = reading_of({(0, 4): (1.0, 0.0, 0.0), (9, 13): (0.0, 1.0, 0.0), (20, 24): (0.5, 0.0, 0.5)})
    found = mentions([SimpleLink("a", 0, 4), SimpleLink("b", 9, 13), SimpleLink("a", 20, 24)], reading, 0)
    assert [(each.entity, each.start, each.end, each.first) for each in found] == [
        ("a", 0, 4, True),
        ("b", 9, 13, True),
        ("a", 20, 24, False),
    ]
    assert [(each.p_negative, each.p_neutral, each.p_positive) for each in found] == [(0.75, 0.0, 0.25), (0.0, 1.0, 0.0), (0.75, 0.0, 0.25)]


def test_only_what_a_text_is_about_is_mentioned() -> None:
    reading = reading_of({(5, 9): (0.2, 0.3, 0.5)})
    found = mentions([SimpleLink("goldman", 0, 4, role="rater"), SimpleLink("valeant", 5, 9)], reading, 0)
    assert [each.entity for each in found] == ["valeant"]
    assert mentions([SimpleLink("goldman", 0, 4, role="rater")], reading, 0) == ()


def test_of_a_text_with_thousands_of_names_the_first_are_mentioned() -> None:
    links = [SimpleLink(f"e{place}", 2 * place, 2 * place + 1) for place in range(5000)]
    found = mentions(links, HashScorer().read(["x"]), 0)
    assert [each.entity for each in found] == [f"e{place}" for place in range(MOST_MENTIONS)]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["subject", "rater"])), max_size=30))
def test_every_entity_has_one_first_mention_and_probabilities_that_sum_to_one(drafts: list[tuple[str, str]]) -> None:
    links = [SimpleLink(entity, 3 * place, 3 * place + 2, role) for place, (entity, role) in enumerate(drafts)]
    found = mentions(links, HashScorer().read(["x"]), 0)
    firsts = [each.entity for each in found if each.first]
    assert sorted(firsts) == sorted({link.entity for link in links if link.role == "subject"})
    assert all(abs(each.p_negative + each.p_neutral + each.p_positive - 1) < 1e-6 for each in found)
    assert len({(each.entity, each.p_negative, each.p_neutral, each.relevance) for each in found}) == len(firsts)


def test_a_document_is_linked_by_its_content_title_symbols_and_the_names_of_the_model() -> None:
    linker = WordLinker()
    read = document(1, title="ACME sinks", text="Shares of ACME fell", symbols=("ACM",))
    [row] = DocumentScorer(HashScorer(), CLOCK, linker).score([read]).rows
    [call] = linker.calls
    assert call == {
        "text": "ACME sinks. Shares of ACME fell",
        "title_length": 10,
        "names": [(0, 4, "ORG"), (22, 26, "ORG")],
        "names_within": [(0, READ_UNTIL)],
        "symbols": ("ACM",),
    }
    assert [(each.entity, each.start, each.first) for each in row.mentions] == [("found:acme", 0, True), ("found:acme", 22, False)]
    assert row.catalogue_version == "words-1"


def test_without_a_linker_documents_are_not_read_for_names() -> None:
    [row] = DocumentScorer(HashScorer(), CLOCK).score([document(1, title="ACME sinks")]).rows
    assert (row.mentions, row.catalogue_version) == ((), "")


@pytest.mark.parametrize("error", [KeyError("x"), AttributeError("y"), ZeroDivisionError(), RecursionError("z"), UnicodeError("u")])
@pytest.mark.parametrize("place", [0, 3, 6])
def test_a_text_that_breaks_the_linker_is_alone_in_that(error: Exception, place: int) -> None:
    batch = [document(n, title=f"{'unlinkable' if n == place else 'fine'} {n}") for n in range(7)]
    result = DocumentScorer(HashScorer(), CLOCK, WordLinker(error=error)).score(batch)
    assert [row.document.id for row in result.rows] == [each.id for each in batch if each is not batch[place]]
    [(failing, rejection)] = result.failures.items()
    assert failing == batch[place].id
    assert rejection.reason == "scoring_failed"
    assert type(error).__name__ in rejection.detail
    assert "names could not be linked" in rejection.detail


def test_a_linker_that_fails_on_everything_stops_the_worker_and_rejects_nothing() -> None:
    class Broken(WordLinker):
        def link(self, text: str, **_: object):  # type: ignore[no-untyped-def, override]
            raise KeyError("broken")

    with pytest.raises(ModelFaultError, match="names could not be linked: KeyError"):
        DocumentScorer(HashScorer(), CLOCK, Broken()).score([document(n) for n in range(5)])


def test_a_mention_that_is_no_probability_is_a_fault_of_its_text() -> None:
    class Blank(HashScorer):
        def read(self, texts: Sequence[str], **wanted: Any) -> FixedReading:
            reading = super().read(texts, **wanted)
            broken = ["BLANK" in text for text in texts]

            class Told(FixedReading):
                def tone(self, row: int, spans: Sequence[tuple[int, int]]):  # type: ignore[no-untyped-def]
                    return super().tone(row, spans) * (np.nan if broken[row] else 1)

            return Told(reading.topic, reading.sentiment, reading.model_version, reading.names)

    batch = [document(0, title="ACME is fine"), document(1, title="BLANK is not"), document(2, title="ACME 2")]
    result = DocumentScorer(Blank(), CLOCK, WordLinker()).score(batch)
    assert list(result.failures) == [batch[1].id]


def test_an_entity_is_as_grave_as_the_mean_of_its_occurrences() -> None:
    grave = FixedReading(np.zeros((1, 20), np.float32), np.full((1, 3), 1 / 3, np.float32), "m1", severity=np.array([0.4], np.float32))
    found = mentions([SimpleLink("a", 0, 1), SimpleLink("b", 1, 2), SimpleLink("a", 2, 3)], grave, 0)
    assert [mention.severity for mention in found] == [0.5, 0.5, 0.5]
    assert [mention.severity for mention in mentions([SimpleLink("a", 0, 1), SimpleLink("a", 3, 4)], grave, 0)] == [0.625, 0.625]


def test_what_happened_to_an_entity_is_asked_once_for_all_its_occurrences() -> None:
    happened = FixedReading(np.zeros((1, 20), np.float32), np.full((1, 3), 1 / 3, np.float32), "m1", happened=[[("strike", 0.8)]])
    found = mentions([SimpleLink("a", 0, 1), SimpleLink("b", 2, 3), SimpleLink("a", 3, 4)], happened, 0)
    assert [mention.events for mention in found] == [(), (Event(name="strike", probability=0.8),), ()]


def test_a_model_without_a_severity_head_says_nothing_of_severity() -> None:
    row = DocumentScorer(HashScorer(), CLOCK, WordLinker()).score([document(1, title="ACME falls")]).rows[0]
    assert (row.severity, row.events, [mention.severity for mention in row.mentions]) == (None, (), [None])


def test_what_was_not_read_has_no_severity() -> None:
    assert mean_severity(np.array([np.nan, 0.5, np.nan], np.float32)) == 0.5
    assert mean_severity(np.array([np.nan], np.float32)) is None


def test_severity_and_events_of_the_model_are_those_of_the_row() -> None:
    scorer = HashScorer(grave=True)
    documents = [document(number) for number in range(20)]
    rows = DocumentScorer(scorer, CLOCK, WordLinker()).score(documents).rows
    reading = scorer.read([each.content for each in documents])
    assert reading.severity is not None
    assert [row.severity for row in rows] == [float(value) for value in reading.severity]
    assert [[(event.name, event.probability) for event in row.events] for row in rows] == [list(reading.events(i)) for i in range(20)]
    assert {len(row.events) for row in rows} == {0, 1, 2}


def test_a_long_text_is_read_first_about_whom_it_is_about_by_their_relevance() -> None:
    links = [SimpleLink("a", 0, 4), SimpleLink("b", 5, 9, role="rater"), SimpleLink("c", 10, 14), SimpleLink("a", 15, 19)]
    assert wanted_subjects(links) == [
        (FOUND_WEIGHT * links[0].relevance, [(0, 4), (15, 19)]),
        (FOUND_WEIGHT * links[2].relevance, [(10, 14)]),
    ]


def test_a_document_that_is_too_long_is_read_about_the_names_that_are_linked_in_it() -> None:
    told: list[Wanted] = []

    class Asks(HashScorer):
        def read(self, texts: Sequence[str], *, wanted: WantedOf = lambda _: ()) -> FixedReading:
            told.extend(wanted(number) for number in range(len(texts)))
            return super().read(texts)

    class Finds(WordLinker):
        def link(self, text: str, *, names: Sequence[tuple[int, int, str]] = (), **options: Any) -> list[SimpleLink]:
            return super().link(text, names=names or [(0, 4, "ORG")], **options)

    documents = [document(1, title="ACME sinks"), document(2, title="unlinkable")]
    scorer = DocumentScorer(Asks(), CLOCK, Finds())
    result = scorer.score(documents)
    assert told[0][0][1] == [(0, 4)]
    assert [row.document.title for row in result.rows] == ["ACME sinks"]  # a linker that fails then fails that text only
    assert list(result.failures) == [documents[1].id]
