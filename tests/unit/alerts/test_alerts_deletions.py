"""Documents that were taken back are deleted in one go, every ten minutes."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

from squall.alerts.deletions import DELETE_SECONDS, DeletionPacing
from squall.core.clock import ManualClock
from squall.storage import Store


class _Documents:
    calls = 0

    def delete_marked(self) -> int:
        self.calls += 1
        return 2


def test_documents_are_deleted_every_ten_minutes_and_by_a_run_after_which_no_other_comes() -> None:
    clock, documents = ManualClock(datetime(2026, 3, 2, tzinfo=UTC)), _Documents()
    pacing = DeletionPacing(cast(Store, SimpleNamespace(documents=documents)), clock)
    pacing.update(always=False)
    pacing.update(always=False)
    assert documents.calls == 1
    pacing.update(always=True)
    assert documents.calls == 2
    clock.advance(DELETE_SECONDS)
    pacing.update(always=False)
    assert documents.calls == 3
