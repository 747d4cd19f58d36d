"""The suite for sources finds sources that break what Squall relies on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from squall.core.errors import StoppedError
from squall.sources.conformance import SourceConformance, SourceRig, TypeRig
from tests.support.list_source import Fault, ListType

TITLES = ["One", "Two", "Three", "Four", "Five"]
SUITE = SourceConformance()


def rig(folder: Path, fault: Fault = "", *, live: bool = True) -> SourceRig:
    made = TypeRig(ListType(), {"titles": [*TITLES, ""], "fault": fault, "live": live}, folder, titles=TITLES, rejects=1)
    made.quiet_seconds = 0.1
    return made


class TestWaiting(SourceConformance):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> SourceRig:
        return rig(tmp_path)


class TestEnding(SourceConformance):
    @pytest.fixture
    def rig(self, tmp_path: Path) -> SourceRig:
        return rig(tmp_path, live=False)


class TestInterrupted(SourceConformance):
    """A stop that meets a request ends a source by an error, which drivers take as the end."""

    @pytest.fixture
    def rig(self, tmp_path: Path) -> SourceRig:
        return rig(tmp_path, "interrupted")


def test_a_source_that_gives_up_unasked_does_not_pass(tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        SUITE.test_every_document_comes_once_and_bad_items_are_rejected_alone(rig(tmp_path, "gives_up"))


def comes_again(commits: int) -> Callable[[SourceRig], None]:
    return lambda made: SUITE.test_what_was_not_committed_comes_again_after_reopening(made, commits)


@pytest.mark.parametrize(
    ("fault", "claim"),
    [
        ("loses", comes_again(1)),
        ("early", comes_again(1)),
        ("doubles", SUITE.test_what_was_committed_does_not_come_again),
        ("doubles", SUITE.test_batches_that_wait_together_are_committed_in_order),
        ("doubles", comes_again(2)),
        ("disorder", SUITE.test_every_document_comes_once_and_bad_items_are_rejected_alone),
        ("disorder", SUITE.test_offsets_grow_and_name_the_source_and_the_last_batch_says_that_it_is_the_last),
        ("sticks", SUITE.test_a_stop_ends_it_within_200_milliseconds),
    ],
    ids=lambda value: value if isinstance(value, str) else "claim",
)
def test_a_fault_is_found(fault: Fault, claim: Callable[[SourceRig], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("squall.sources.conformance.PATIENCE_SECONDS", 0.5)
    made = rig(tmp_path, fault, live=fault == "sticks")
    with pytest.raises(AssertionError):
        claim(made)
