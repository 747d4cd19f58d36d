"""Every door through which history reaches the detector, with a real mail server behind it: nobody gets mail about it unnoticed."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from squall.alerts.notification.receivers import open_receivers
from squall.alerts.service import DETECTOR, AlertService
from squall.app import in_process_replay
from squall.cli.main import app
from squall.core.clock import ManualClock
from squall.core.config.settings import Settings
from squall.core.observability.health import Health
from squall.stream.totals import RunningTotals
from tests.support.alert_stream import CRISIS, END, documents, progress
from tests.support.faults.mailbox import Mailbox
from tests.support.migrated_stores import open_migrated

pytestmark = pytest.mark.slow

LONG_AGO = datetime(2100, 1, 1, tzinfo=UTC)
JUST_NOW = END + timedelta(hours=2)
DETECTOR_SETTINGS = {"history_days": 14, "step_minutes": 5, "market": False, "names_per_day": 0, "stories": False}


@pytest.fixture
def mailbox():
    opened = Mailbox()
    opened.start()
    yield opened
    opened.stop()


@pytest.fixture
def store(tmp_path):
    opened = open_migrated(tmp_path / "store")
    yield opened
    opened.close()


def fill(store, wall):
    """Store the crisis, as if it was read up to its end an hour before `wall`."""
    store.documents.insert(documents(), token="all")
    store.progress.write([progress(END, caught_up=False, updated_at=wall - timedelta(hours=1))])
    store.detector.write_position(DETECTOR, CRISIS - timedelta(hours=1), "")


def configured(mailbox, **alerts):
    return Settings(detector=DETECTOR_SETTINGS, alerts={"smtp_host": "127.0.0.1", "smtp_port": mailbox.port, **alerts})


def detected(store, settings, wall):
    """A run as of `squall detect` and `squall up`, whichever way the documents came."""
    fill(store, wall)
    clock = ManualClock(wall)
    return AlertService(store, settings, clock, open_receivers(settings, clock)).run_once()


def test_the_detector_stores_alerts_of_long_ago_and_sends_nothing_about_them(store, mailbox):
    report = detected(store, configured(mailbox), LONG_AGO)
    assert (report.fired, report.in_history, report.sent, report.waiting, report.error) == (1, 1, 0, 0, "")
    assert [alert.topic for alert in store.alerts.latest() if alert.fired_at] == ["Financials"]
    assert mailbox.accepted.total() == 0


@pytest.mark.parametrize(
    ("alerts", "wall"), [({"notify_history": True}, LONG_AGO), ({}, JUST_NOW), ({"history_after_seconds": 1e10}, LONG_AGO)]
)
def test_the_detector_sends_mail_about_today_and_about_history_where_it_is_asked_to(store, mailbox, alerts, wall):
    report = detected(store, configured(mailbox, **alerts), wall)
    assert (report.fired, report.error) == (1, "")
    assert mailbox.accepted.total() == report.sent >= 2  # firing and resolved


@pytest.mark.parametrize(("notify", "mails"), [(False, 0), (True, 2)])
def test_a_replay_in_process_notifies_nobody_unless_asked_to_however_recent_it_is(store, mailbox, monkeypatch, notify, mails):
    clock = ManualClock(JUST_NOW)
    processor = SimpleNamespace(totals=RunningTotals())

    @contextmanager
    def opened(settings, *_rest):
        yield SimpleNamespace(settings=settings, clock=clock, store=store, health=Health(clock), processor=processor)

    monkeypatch.setattr(in_process_replay, "open_pipeline", opened)
    monkeypatch.setattr(in_process_replay, "run_sources", lambda _pipeline, _sources: fill(store, JUST_NOW))
    summary = in_process_replay.replay_in_process(
        configured(mailbox), clock, threading.Event(), SimpleNamespace(), lambda _line: None, notify=notify
    )
    assert [alert["topic"] for alert in summary["alerts"]] == ["Financials"]
    assert (summary["notified"], summary["detector_error"]) == (notify, "")
    assert mailbox.accepted.total() >= mails
    assert bool(mailbox.accepted) is notify


@pytest.mark.parametrize("options", [[], ["--notify"]])
def test_detect_once_over_old_data_says_that_it_is_history_and_notifies_when_told_to(tmp_path, mailbox, monkeypatch, options):
    url = f"chdb://{tmp_path / 'chdb'}?max_threads=1"
    opened = open_migrated(tmp_path / "chdb")
    fill(opened, datetime.now(UTC))
    opened.close()
    for name, value in {
        "STORE__URL": url,
        "DATA_DIR": str(tmp_path),
        "ALERTS__SMTP_HOST": "127.0.0.1",
        "ALERTS__SMTP_PORT": str(mailbox.port),
        "DETECTOR__HISTORY_DAYS": "14",
        "DETECTOR__STEP_MINUTES": "5",
        "DETECTOR__MARKET": "false",
    }.items():
        monkeypatch.setenv(f"SQUALL_{name}", value)
    result = CliRunner().invoke(app, ["detect", "--once", "--json", *options])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout.splitlines()[0])
    assert (report["fired"], report["in_history"]) == (1, 0 if options else 1)
    assert ("nothing is sent about them (--notify sends it)" in result.stderr) is not bool(options)
    assert bool(mailbox.accepted) is bool(options)
