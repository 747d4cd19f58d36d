"""Micro-batches."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from squall.core.config.settings import ProcessorSettings
from squall.core.items import Item
from squall.stream.batching import estimated_tokens, micro_batches
from tests.support.doubles import item, reject

ITEMS = st.lists(st.one_of(st.just(None), st.integers(min_value=0, max_value=400)), max_size=40)


def made(lengths: list[int | None]) -> list[Item]:
    return [reject(n) if length is None else item(n, text="x" * length) for n, length in enumerate(lengths)]


@given(ITEMS, st.integers(min_value=1, max_value=10), st.integers(min_value=1, max_value=300))
def test_order_is_kept_nothing_is_lost_and_bounds_hold(lengths: list[int | None], documents: int, tokens: int) -> None:
    items = made(lengths)
    batches = list(micro_batches(items, ProcessorSettings(batch_documents=documents, batch_tokens=tokens)))
    assert [each for batch in batches for each in batch] == items
    for batch in batches:
        assert 1 <= len(batch) <= documents
        assert len(batch) == 1 or sum(map(estimated_tokens, batch)) <= tokens


def test_a_document_beyond_the_budget_goes_alone() -> None:
    items = made([10, 5000, 10])
    assert [len(batch) for batch in micro_batches(items, ProcessorSettings(batch_tokens=100))] == [1, 1, 1]


def test_no_items_make_no_batch() -> None:
    assert list(micro_batches([], ProcessorSettings())) == []
