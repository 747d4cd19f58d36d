from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from squall.core.clock import ManualClock
from squall.core.errors import ConfigurationError
from squall.core.items import Batch, Item, Origin, Rejection
from squall.ingest.documents import Defaults, build_document
from squall.ingest.replay import LONGEST_WAIT, ReplaySource, parse_speed

START = datetime(2011, 8, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 2, tzinfo=UTC)


class ListSource:
    """Batches of documents at minutes after START; None is a rejection."""

    name = "list"

    def __init__(self, *batches: list[int | None]) -> None:
        self.plan = batches
        self.committed: list[int] = []

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        for number, minutes in enumerate(self.plan):
            items = [self._item(number, position, minute) for position, minute in enumerate(minutes)]
            yield Batch(items, lambda n=number: self.committed.append(n), caught_up=number == len(self.plan) - 1)  # type: ignore[misc]

    def close(self) -> None:
        pass

    def _item(self, number: int, position: int, minute: int | None) -> Item:
        origin = Origin("list", 0, number * 100 + position)
        if minute is None:
            return Item(origin, rejection=Rejection("bad", "it is"))
        fields = {"id": f"{number}.{position}", "title": "t", "published_at": START + timedelta(minutes=minute)}
        return Item(origin, document=build_document(fields, Defaults(source="list"), NOW))


def minutes(batch: Batch) -> list[int | None]:
    return [int((item.document.published_at - START).total_seconds() // 60) if item.document else None for item in batch.items]


def run(replay: ReplaySource, clock: ManualClock) -> list[tuple[float, list[int | None], bool]]:
    released = []
    for batch in replay.batches(threading.Event()):
        released.append((round(clock.monotonic(), 3), minutes(batch), batch.caught_up))
        batch.commit()
    return released


def test_documents_are_released_when_due_and_the_cursor_moves_with_the_last_piece() -> None:
    clock, source = ManualClock(NOW), ListSource([0, 0, 10, None, 20], [15, 30])
    assert run(ReplaySource(source, clock, speed=600.0), clock) == [
        (0.0, [0, 0], False),
        (1.0, [10, None], False),
        (2.0, [20], False),
        (2.0, [15], False),
        (3.0, [30], True),
    ]
    assert source.committed == [0, 1]


def test_an_interrupted_batch_is_not_committed() -> None:
    clock, source = ManualClock(NOW), ListSource([0, 10])
    pieces = ReplaySource(source, clock, speed=600.0).batches(threading.Event())
    next(pieces).commit()
    assert source.committed == []


def test_at_full_speed_batches_pass_unchanged() -> None:
    clock, source = ManualClock(NOW), ListSource([0, 10_000], [5])
    assert run(ReplaySource(source, clock), clock) == [(0.0, [0, 10_000], False), (0.0, [5], True)]


def test_bounds_are_half_open_and_an_emptied_batch_still_moves_the_cursor() -> None:
    clock, source = ManualClock(NOW), ListSource([0, 10], [20, 30, None], [40])
    replay = ReplaySource(source, clock, start=START + timedelta(minutes=10), end=START + timedelta(minutes=30))
    assert run(replay, clock) == [(0.0, [10], False), (0.0, [20, None], False), (0.0, [], True)]
    assert replay.skipped == 3
    assert source.committed == [0, 1, 2]


def test_the_first_replayed_document_sets_the_zero() -> None:
    clock, source = ManualClock(NOW), ListSource([0, 600, 610])
    assert run(ReplaySource(source, clock, 600.0, start=START + timedelta(minutes=1)), clock) == [(0.0, [600], False), (1.0, [610], True)]


def test_times_are_kept_and_collection_is_the_release() -> None:
    clock = ManualClock(NOW)
    batches = list(ReplaySource(ListSource([0, 10]), clock, 600.0).batches(threading.Event()))
    document = batches[1].items[0].document
    assert document is not None
    assert document.published_at == START + timedelta(minutes=10)
    assert document.collected_at == NOW + timedelta(seconds=1)


def test_a_long_wait_looks_at_the_stop_flag() -> None:
    class StoppingClock(ManualClock):
        waits = 0

        def sleep(self, seconds: float) -> None:
            assert seconds <= LONGEST_WAIT
            self.waits += 1
            if self.waits == 3:
                stop.set()
            self.advance(seconds)

    stop, clock = threading.Event(), StoppingClock(NOW)
    assert [minutes(batch) for batch in ReplaySource(ListSource([0, 100_000]), clock, 1.0).batches(stop)] == [[0]]
    assert clock.waits == 3


def test_speeds() -> None:
    assert [parse_speed(text) for text in ("600x", "1.5X", "60", "max")] == [600.0, 1.5, 60.0, None]
    for text in ("", "fast", "0x", "-5x", "nan"):
        with pytest.raises(ConfigurationError, match="speed"):
            parse_speed(text)
