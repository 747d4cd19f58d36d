"""When rejects stop the worker: counted per partition, in a row and as a ratio over the last items."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.config.settings import ProcessorSettings
from squall.core.errors import TooManyRejectsError
from squall.core.items import Fate, Item, Outcome
from squall.stream.reject_limit import RejectLimit
from tests.support.doubles import item, reject

NEVER = 10**9


def limit(in_row: int = NEVER, ratio: float = 1.0, window: int = 10) -> RejectLimit:
    return RejectLimit(ProcessorSettings(max_consecutive_rejects=in_row, max_reject_ratio=ratio, reject_window=window))


def check(tested: RejectLimit, items: Sequence[Item]) -> None:
    tested.check(items, [Outcome(Fate.REJECTED, each.rejection) if each.rejection else Outcome(Fate.STORED) for each in items])


def items(marks: str, partition: int = 0, start: int = 0) -> list[Item]:
    """Return an item per mark: `x` is a reject, anything else a document."""
    return [reject(n, partition=partition) if mark == "x" else item(n, partition) for n, mark in enumerate(marks, start)]


def trips(tested: RejectLimit, batch: Sequence[Item]) -> bool:
    try:
        check(tested, batch)
    except TooManyRejectsError:
        return True
    return False


def test_rejects_in_a_row_are_counted_across_batches() -> None:
    tested = limit(in_row=5)
    check(tested, items("xxx"))
    check(tested, items("xx", start=3))
    with pytest.raises(TooManyRejectsError):
        check(tested, items("x", start=5))


def test_a_good_document_between_rejects_in_a_row_ends_the_row() -> None:
    tested = limit(in_row=5)
    for _ in range(20):
        check(tested, items("xxxxx."))


def test_a_partition_that_holds_only_rejects_reaches_the_limit_beside_a_healthy_one() -> None:
    tested = limit(in_row=5)
    check(tested, [each for n in range(5) for each in (reject(n, partition=1), item(n, partition=0))])
    with pytest.raises(TooManyRejectsError) as raised:
        check(tested, [item(5, partition=0), reject(5, "missing_field", partition=1)])
    assert raised.value.what == (
        "documents, partition 1: 6 items in a row were rejected (limit 5), the last, at offset 5, with missing_field: unexpected character"
    )
    assert "SQUALL_PROCESSOR__MAX_CONSECUTIVE_REJECTS" in raised.value.hint


def test_a_bad_producer_among_good_ones_reaches_the_ratio() -> None:
    tested = limit(ratio=0.5, window=10)
    check(tested, items("x.x.x.x.x."))
    with pytest.raises(TooManyRejectsError) as raised:
        check(tested, items("xx", start=10))
    assert raised.value.what == (
        "documents, partition 0: 6 of the last 10 items were rejected (limit 50%), 6 of them with broken_json; "
        "the last, at offset 11, with broken_json: unexpected character"
    )
    assert "SQUALL_PROCESSOR__MAX_REJECT_RATIO" in raised.value.hint


def test_the_ratio_waits_for_a_full_window() -> None:
    check(limit(ratio=0.1, window=10), items("xxxxxxxxx"))


def test_sources_are_partitions_of_their_own() -> None:
    tested = limit(in_row=5)
    check(tested, [reject(n, topic="wire") for n in range(5)] + [reject(n, topic="blog") for n in range(5)])
    with pytest.raises(TooManyRejectsError, match="blog, partition 0"):
        check(tested, [reject(5, topic="blog")])


def test_a_batch_that_exceeds_a_limit_is_not_counted_and_exceeds_it_again() -> None:
    tested = limit(in_row=5)
    check(tested, items("xxxx"))
    for _ in range(2):
        with pytest.raises(TooManyRejectsError, match="6 items in a row"):
            check(tested, items("xxx", start=4))
    check(tested, items("x", start=4))


marks = st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=60)


@given(marks, st.integers(1, 6), st.floats(0.05, 1.0), st.integers(1, 12))
def test_a_limit_trips_exactly_when_some_partition_exceeds_it(
    delivered: list[tuple[int, bool]], in_row: int, ratio: float, window: int
) -> None:
    exceeded = False
    for partition in range(3):
        mine = [bad for number, bad in delivered if number == partition]
        for end in range(1, len(mine) + 1):
            last, seen = mine[max(0, end - window) : end], mine[:end]
            row = next((n for n, bad in enumerate(reversed(seen)) if not bad), end)
            exceeded |= row > in_row or (seen[-1] and len(last) == window and sum(last) > ratio * window)
    batch = [reject(n, partition=partition) if bad else item(n, partition) for n, (partition, bad) in enumerate(delivered)]
    assert trips(limit(in_row, ratio, window), batch) == exceeded


@given(marks, st.integers(1, 10))
def test_how_items_are_batched_and_partitions_interleaved_does_not_matter(delivered: list[tuple[int, bool]], size: int) -> None:
    batch = [reject(n, partition=partition) if bad else item(n, partition) for n, (partition, bad) in enumerate(delivered)]
    by_partition = sorted(batch, key=lambda each: each.origin.partition)
    whole, cut = limit(3, 0.6, 6), limit(3, 0.6, 6)
    assert trips(whole, batch) == any(trips(cut, by_partition[at : at + size]) for at in range(0, len(batch), size))
