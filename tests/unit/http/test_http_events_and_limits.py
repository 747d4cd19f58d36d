from __future__ import annotations

import asyncio
import resource

import pytest

from squall.core.net.http.events import ListenerEvents, ServerLog
from squall.core.net.http.limits import FEWEST, METRICS_SHARE, PAGE_SHARE, PUSH_SHARE, connection_cap


def test_an_event_is_logged_at_once_and_its_repetitions_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    events = ListenerEvents("the page", lambda: now[0])
    for _ in range(1000):
        events.note("a client did nothing")
        events.flush()
    assert [record.getMessage() for record in caplog.records] == ["the page: a client did nothing"]
    now[0] = 60
    events.flush()
    assert caplog.records[1].getMessage() == "the page: a client did nothing; 999 more in the last 60 s"
    now[0] = 120
    events.flush()
    assert len(caplog.records) == 2
    events.note("a client did nothing")
    assert len(caplog.records) == 3, "it is the first again"


def test_a_failing_application_is_logged_with_its_traceback_once(caplog: pytest.LogCaptureFixture) -> None:
    log = ServerLog(ListenerEvents("the page", lambda: 0.0))
    for number in range(100):
        log.error("Exception in ASGI application\n", exc_info=ZeroDivisionError(f"of request {number}"))
    log.error("Exception in ASGI application\n", exc_info=asyncio.CancelledError())  # type: ignore[arg-type]
    log.warning("Invalid HTTP request received.")
    [record] = caplog.records
    assert "ZeroDivisionError" in record.getMessage()
    assert record.exc_info
    assert "of request 0" in str(record.exc_info[1])


@pytest.mark.parametrize(
    ("soft", "page", "push", "metrics"), [(1024, 256, 128, 32), (65_536, 256, 128, 32), (256, 64, 32, 16), (64, 16, 16, 16)]
)
def test_listeners_share_less_than_half_of_the_descriptors(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, soft: int, page: int, push: int, metrics: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    caps = connection_cap("page", 256, PAGE_SHARE), connection_cap("push", 128, PUSH_SHARE), connection_cap("metrics", 32, METRICS_SHARE)
    assert caps == (page, push, metrics)
    assert bool(caplog.records) == (soft < 1024)
    assert sum(caps) < soft / 2 or soft < FEWEST * 8


def test_without_a_descriptor_limit_the_setting_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY,) * 2)
    assert connection_cap("page", 1000, PAGE_SHARE) == 1000
