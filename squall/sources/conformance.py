"""What Squall relies on in a source, as tests that a package runs on its own: subclass `SourceConformance` and give it a `rig`.

    class TestTicker(SourceConformance):
        @pytest.fixture
        def rig(self, tmp_path):
            return TypeRig(TickerType(), {"url": server.url}, tmp_path, titles=["One", "Two", "Three"])

Needs pytest. docs/sources.md has the whole example.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import pytest

from squall.core.errors import StoppedError
from squall.core.items import Batch, Item
from squall.ingest.source import Source
from squall.sources.rigs import SourceRig, TypeRig

__all__ = ["SourceConformance", "SourceRig", "TypeRig"]

STOP_SECONDS: Final = 0.2
"""The longest that a source may take to end once it is asked to stop."""
PATIENCE_SECONDS: Final = 20.0
"""The longest wait for a document that must come."""
_LOOK_SECONDS: Final = 0.02
_ALL: Final = 1_000_000


class SourceConformance:
    """The tests; a subclass gives the fixture `rig`."""

    @pytest.fixture
    def rig(self) -> SourceRig:
        """Return the rig of the source under test."""
        raise NotImplementedError("override the fixture `rig`")

    def test_every_document_comes_once_and_bad_items_are_rejected_alone(self, rig: SourceRig) -> None:
        batches = run(rig)
        items = items_of(batches)
        found = titles_of(batches)
        assert sorted(found) == sorted(rig.titles), "the documents are not the expected ones, each once"
        assert found == list(rig.titles) or not rig.ordered, "the documents are not in order"
        assert len({item.document.id for item in items if item.document}) == len(rig.titles), "two documents have one id"
        assert sum(item.rejection is not None for item in items) == rig.rejects, "another number of items is rejected"
        kinds = [sum(part is not None for part in (item.document, item.rejection, item.deletion)) for item in items]
        assert set(kinds) <= {1}, "an item is several of document, rejection and deletion, or none"

    def test_offsets_grow_and_name_the_source_and_the_last_batch_says_that_it_is_the_last(self, rig: SourceRig) -> None:
        with rig.open() as source:
            name = source.name
        batches = run(rig)
        origins = [item.origin for item in items_of(batches)]
        offsets = [origin.offset for origin in origins]
        assert offsets == sorted(set(offsets)), "offsets do not grow"
        assert {(origin.topic, origin.partition) for origin in origins} == {(name, 0)}, "an origin does not name the source, partition 0"
        assert batches[-1].caught_up, "the last batch does not say that nothing more can be read"

    def test_what_was_committed_does_not_come_again(self, rig: SourceRig) -> None:
        run(rig)
        assert items_of(run(rig, expected=0)) == []

    @pytest.mark.parametrize("commits", [0, 1, 2])
    def test_what_was_not_committed_comes_again_after_reopening(self, rig: SourceRig, commits: int) -> None:
        first = run(rig, commits)[:commits]
        safe = titles_of(first)
        again = titles_of(run(rig, expected=_size(rig) - len(items_of(first))))
        assert set(safe) | set(again) == set(rig.titles), "a document is lost"
        assert not set(safe) & set(again) or rig.in_pieces, "a committed document comes again"

    def test_batches_that_wait_together_are_committed_in_order(self, rig: SourceRig) -> None:
        if rig.one_in_flight:
            pytest.skip("there is never more than one batch")
        for batch in run(rig, commits=_ALL, at_once=False):
            _on_another_thread(batch.commit)
        assert items_of(run(rig, expected=0)) == []

    def test_a_stop_ends_it_within_200_milliseconds(self, rig: SourceRig) -> None:
        times: list[float] = []
        while len(times) < 3 and sum(seconds <= STOP_SECONDS for seconds in times) < 2:  # a busy machine may hold one up
            times.append(_seconds_to_stop(rig))
        assert sorted(times)[len(times) // 2] <= STOP_SECONDS, f"it took {times} s"

    def test_it_closes_twice_and_before_it_is_read(self, rig: SourceRig) -> None:
        with rig.open() as source:
            source.close()
            source.close()


def run(rig: SourceRig, commits: int = _ALL, expected: int | None = None, *, at_once: bool = True) -> list[Batch]:
    """Drive a fresh source until it ends or has delivered what is expected and then stays quiet.

    Args:
        rig: opens it.
        commits: so many batches are committed; the run is given up at the next, as by a crash.
        expected: how many items must come; None: all of the rig.
        at_once: commit each batch before the next one is asked for.
    """
    awaited = _size(rig) if expected is None else expected
    batches: list[Batch] = []
    with rig.open() as source, _stopped_when_quiet(rig, batches, awaited) as stop:
        for batch in _until_stopped(source, stop):
            batches.append(batch)
            if len(batches) > commits:
                break
            if at_once:
                _on_another_thread(batch.commit)
        source.close()
    return batches


def items_of(batches: Sequence[Batch]) -> list[Item]:
    """Return the items of `batches`."""
    return [item for batch in batches for item in batch.items]


def titles_of(batches: Sequence[Batch]) -> list[str]:
    """Return the titles of the documents in `batches`, the texts of those without."""
    return [item.document.title or item.document.text for item in items_of(batches) if item.document]


def _until_stopped(source: Source, stop: threading.Event) -> Iterator[Batch]:
    """Yield the batches of a source as drivers do: one that was asked to stop may end by a `StoppedError`, as requests raise it."""
    try:
        yield from source.batches(stop)
    except StoppedError:
        if not stop.is_set():
            raise


def _size(rig: SourceRig) -> int:
    return len(rig.titles) + rig.rejects


@contextmanager
def _stopped_when_quiet(rig: SourceRig, batches: Sequence[Batch], awaited: int) -> Iterator[threading.Event]:
    """Yield a stop event that is set when the awaited items are there and no others follow, or they do not come in time."""
    stop, over = threading.Event(), threading.Event()

    def watch() -> None:
        seen, since, began = -1, 0.0, time.monotonic()
        while not over.wait(_LOOK_SECONDS):
            count, now = sum(len(batch.items) for batch in list(batches)), time.monotonic()
            if count != seen or not (count or rig.is_in_contact() or now - began > PATIENCE_SECONDS):
                seen, since = count, now
            late = now - began > PATIENCE_SECONDS
            if now - since > (PATIENCE_SECONDS if count < awaited and not late else rig.quiet_seconds):
                stop.set()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield stop
    finally:
        over.set()
        thread.join()


def _seconds_to_stop(rig: SourceRig) -> float:
    """Return how much later than a thread that waits for the same event a source ends once it is asked to stop.

    A source that waits for new documents is asked while it waits, another one between two batches.
    """
    batches: list[Batch] = []
    woke: list[float] = []
    with rig.open() as source, _stopped_when_quiet(rig, batches, 0) as stop:

        def note() -> None:
            stop.wait()
            woke.append(time.monotonic())

        reference = threading.Thread(target=note, daemon=True)
        reference.start()
        for batch in _until_stopped(source, stop):
            assert source.live or not batches, "a batch comes after the stop"
            batches.append(batch)
            _on_another_thread(batch.commit)
            if not source.live:
                stop.set()
        ended = time.monotonic()
        assert stop.is_set(), "it ends by itself, though it says that it waits for new documents"
        reference.join()
        source.close()
    return ended - woke[0]


def _on_another_thread(call: Callable[[], None]) -> None:
    """Commit as drivers do: not on the thread that reads the source."""
    errors: list[BaseException] = []

    def guarded() -> None:
        try:
            call()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    thread = threading.Thread(target=guarded)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
