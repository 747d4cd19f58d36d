"""The index of words: it is there, it is used, and it changes no answer."""

from __future__ import annotations

from squall.storage import Store
from squall.storage.queries.documents import _REACH
from squall.storage.queries.spans import EVER
from squall.storage.queries.words import WordIndexQueries, word_parameters
from tests.integration.storage.samples import scored

FILTERS = dict.fromkeys(("topic", "source", "symbol", "sentiment", "kind", "language", "event", "before_id"), "")
SEARCHES = (["bank"], ["BANKRUPT"], ["ankrup"], ["Straße"], ["profit warning"], ["μέτρα"], ["nothing of it"], ["bank", "fails"], ["oil"])


def answers(store: Store) -> list[list[str]]:
    return [[row.id for row in store.documents.search(words=words)] for words in SEARCHES]


def test_answers_are_the_same_with_the_index_and_without(store: Store) -> None:
    texts = ["Bank fails", "A bankruptcy", "Profit warning of a bank", "profit, warning", "STRASSE", "Die Straße", "τα ΜΈΤΡΑ", "Soil"]
    store.documents.insert([scored(number, title=text, text=f"{text} today") for number, text in enumerate(texts)], token="a")
    plan = store._backend.select(
        f"EXPLAIN indexes = 1 {_REACH}", {**FILTERS, **word_parameters(["bankruptcy"]), "end": EVER[1], "rows": 10}
    )
    assert any("by_word" in line for (line,) in plan)
    with_index = answers(store)
    assert [len(found) for found in with_index] == [3, 1, 1, 1, 1, 1, 0, 1, 1]
    store._backend.command("ALTER TABLE documents DROP INDEX by_word", {})
    try:
        assert answers(store) == with_index
        words = WordIndexQueries(store._backend, store.documents._versions)
        assert not words.ensure((26, 1), clustered=False)
    finally:
        assert words.ensure((26, 2), clustered=False)
        assert not words.ensure((26, 2), clustered=False)
