"""A source of a list goes on after its failures, without a loss or a double, and is given up only where trying again can't help."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from squall.core.clock import ManualClock
from squall.core.config.ingest import IngestSettings
from squall.core.errors import ConfigurationError, UnavailableError
from squall.core.items import Batch
from squall.core.observability.health import Health
from squall.ingest.cursors import CursorStore
from squall.ingest.registry.answer import first_answer
from squall.ingest.registry.context import SourceContext, SourceCursor, SourceReport
from squall.ingest.registry.http import SourceHttp
from squall.ingest.registry.source_list import ConfiguredSource
from squall.ingest.registry.supervised import SupervisedSource
from squall.ingest.source import reported
from tests.support.list_source import ListOptions, ListType

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


class Desk:
    """A configured source with a clock of its own."""

    def __init__(self, folder: Path, titles: list[str], most_rejects: int = 3, **options: Any) -> None:
        self.clock = ManualClock(NOW)
        self.health = Health(self.clock)
        self.kind = ListType()
        self.stop = threading.Event()
        self.context = SourceContext(
            name="desk",
            clock=self.clock,
            random=Random(1),
            cursor=SourceCursor(CursorStore(folder), "desk"),
            report=SourceReport("desk", self.health),
            http=SourceHttp(IngestSettings()),
            linker=lambda: pytest.fail("the linker is not asked for"),
        )
        self.options = ListOptions(titles=tuple(titles), **({"live": False} | options))
        self.source = SupervisedSource(ConfiguredSource("desk", self.kind, self.options), self.context, most_rejects)

    def batches(self) -> Iterator[Batch]:
        return reported(self.source, self.stop, self.health)

    def titles(self) -> list[str]:
        found = []
        for batch in self.batches():
            found += [item.document.title for item in batch.items if item.document]
            batch.commit()
        return found


@pytest.mark.parametrize("fault", ["fails_once", "breaks_once"])
def test_a_failed_source_is_opened_again_after_a_pause_and_goes_on(tmp_path: Path, fault: str, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(tmp_path, ["a", "b", "c", "d", "e"], fault=fault)
    with caplog.at_level(logging.WARNING):
        assert desk.titles() == ["a", "b", "c", "d", "e"]
    assert desk.kind.opened == 2
    assert 1 < desk.clock.monotonic() < 3
    assert "desk" in caplog.text


def test_it_is_opened_again_only_when_what_is_on_its_way_is_committed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ["a", "b", "c", "d"], fault="fails_once")
    batches = desk.batches()
    first = next(batches)
    threading.Timer(0.1, first.commit).start()
    assert [item.document.title for item in next(batches).items if item.document] == ["c", "d"]


def test_an_error_that_trying_again_does_not_solve_is_raised(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ["a"], fault="refused")
    with pytest.raises(ConfigurationError, match="password is refused"):
        desk.titles()
    assert desk.kind.opened == 1


def test_nothing_but_rejects_pauses_it_and_the_rest_is_read_after_the_pause(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ["", "", "", "", "", "good"], most_rejects=3)
    batches = list(desk.titles())
    assert batches == ["good"]
    assert desk.kind.opened == 2
    assert desk.clock.monotonic() > 1


def test_a_stop_during_the_pause_ends_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ["a", "b", "c"], fault="fails_once")
    batches = desk.batches()
    next(batches)  # not committed: it waits
    threading.Timer(0.1, desk.stop.set).start()
    assert list(batches) == []


def test_silence_counts_from_the_last_document_and_the_last_contact(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ["a"], live=True)
    desk.clock.advance(60)
    batches = desk.batches()
    next(batches).commit()
    desk.clock.advance(30)
    desk.context.report.contact()
    desk.clock.advance(12)
    silence = desk.health.sources.silences()["desk"]
    assert (silence.document, silence.contact) == (42, 12)


def test_a_check_tells_the_newest_document_and_the_first_rejection(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ["a", ""], live=True)
    answer = first_answer(desk.kind.open(desk.options, desk.context), desk.context, threading.Event(), 5)
    assert (answer.last_document_at, answer.documents, answer.rejected) == (NOW, 1, 1)
    assert "missing_field" in answer.detail


def test_a_check_without_contact_is_an_error(tmp_path: Path) -> None:
    desk = Desk(tmp_path, [], live=True, fault="no_contact")
    with pytest.raises(UnavailableError, match="no answer within 3 s"):
        first_answer(desk.kind.open(desk.options, desk.context), desk.context, threading.Event(), 3)
