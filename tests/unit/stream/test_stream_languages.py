"""What becomes of documents in a language that the model does not know, beside those that it reads."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.core.clock import ManualClock
from squall.core.config.settings import ProcessorSettings
from squall.core.errors import ModelFaultError
from squall.core.items import Fate
from squall.stream.languages import Languages
from squall.stream.processor import Processor
from tests.support.doubles import START, UNSCORABLE, HashScorer, MemoryStore, document, item

GERMAN = "Der Konzern senkt die Prognose für das laufende Jahr deutlich"


class Reader(HashScorer):
    languages = ("en",)


def processor(store: MemoryStore, engine: HashScorer) -> Processor:
    return Processor(engine, store, store, ProcessorSettings(), ManualClock(START), threading.Event())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["en", "de", "bad"]), min_size=1, max_size=12))
def test_each_document_has_its_own_outcome_in_its_own_place(kinds: list[str]) -> None:
    titles = {"en": "Shares of the bank fell after a profit warning", "de": GERMAN, "bad": f"The {UNSCORABLE} text of the report"}
    items = [item(number, title=f"{titles[kind]} {number}") for number, kind in enumerate(kinds)]
    store, engine = MemoryStore(), Reader()
    worker = processor(store, engine)

    if "bad" in kinds and "en" not in kinds and kinds.count("bad") > 1:
        with pytest.raises(ModelFaultError):
            worker.process(items)
        return
    outcomes = worker.process(items)

    assert [outcome.fate for outcome in outcomes] == [Fate.REJECTED if kind == "bad" else Fate.STORED for kind in kinds]
    assert [row.document.title for row in store.rows.values()] == [
        each.document.title for each, kind in zip(items, kinds, strict=True) if kind != "bad"
    ]
    assert [row.scored for row in store.rows.values()] == [kind == "en" for kind in kinds if kind != "bad"]
    assert worker.totals.unscored.total() == kinds.count("de")


def test_what_is_ahead_in_work_without_a_score_is_not_stored_twice() -> None:
    store, engine = MemoryStore(), Reader()
    worker = processor(store, engine)
    first = worker.look_up([item(0, title=GERMAN)])
    second = worker.look_up([item(0, title=GERMAN), item(1)], [first])
    for batch in (first, second):
        worker.read(batch)
        worker.make_rows(batch)
        worker.insert(batch)

    assert [outcome.fate for outcome in worker.settle(first)] == [Fate.STORED]
    assert [outcome.fate for outcome in worker.settle(second)] == [Fate.DUPLICATE, Fate.STORED]


def test_a_model_that_fails_on_every_text_is_told_though_foreign_ones_beside_could_be_stored() -> None:
    with pytest.raises(ModelFaultError):
        processor(MemoryStore(), type("Broken", (Reader,), {})(broken=True)).process([item(0), item(1), item(2, title=GERMAN)])


def test_languages_are_asked_for_anew_when_a_checkpoint_is_exchanged() -> None:
    known = ["en"]
    languages = Languages(lambda: known)
    german = languages.identified(document(title=GERMAN))

    assert (german.language, languages.reads(german)) == ("de", False)
    known.append("de")
    assert languages.reads(german)
    assert Languages(lambda: ("*",)).reads(german)
    assert languages.reads(document(title="ACME", language="und"))
