"""The detector over a real embedded ClickHouse."""

from __future__ import annotations

import threading
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from squall.alerts.counts import MOST_SOURCES, load_sources
from squall.alerts.minutes import minute_of
from squall.alerts.notification.email.folder import FolderSender
from squall.alerts.service import DETECTOR, AlertService
from squall.core.clock import ManualClock
from squall.core.config.settings import DetectorSettings, Settings
from squall.core.errors import StoreUnavailableError
from squall.core.records import AlertState
from tests.support.alert_stream import CRISIS, END, MIDNIGHT, documents, progress
from tests.support.migrated_stores import open_migrated
from tests.support.watched_store import WatchedStore

pytestmark = pytest.mark.slow

WALL = END + timedelta(days=30)
SETTINGS = Settings(
    detector=DetectorSettings(history_days=14, min_history_hours=24, settle_seconds=120, idle_seconds=10, market=False),
    alerts={"notify_history": True},
)

COARSE = SETTINGS.model_copy(update={"detector": SETTINGS.detector.model_copy(update={"step_minutes": 5})})
"""For tests of many runs."""


@pytest.fixture
def store(tmp_path):
    opened = open_migrated(tmp_path / "store")
    yield opened
    opened.close()


@pytest.fixture
def filled(store):
    store.documents.insert(documents(), token="all")
    return store


def test_ten_thousand_names_of_sources_take_the_detector_bounded_memory(store):
    row = documents()[0]

    def named(number):
        document = row.document.model_copy(update={"id": f"{number:032x}", "source": f"source {number}"})
        return row.model_copy(update={"document": document, "fingerprint": number})

    rows = [named(number) for number in range(10_000)]
    store.documents.insert(rows, token="many")
    start = minute_of(rows[0].document.published_at)
    counts = load_sources(store.counts, start - 28 * 1440, start + 60, ["Source: gone", "Source: source 9999"])
    assert len(counts.topics) == MOST_SOURCES + 1
    assert {"Source: gone", "Source: source 9999"} < set(counts.topics)


def service(store, folder, settings=SETTINGS):
    return AlertService(store, settings, ManualClock(WALL), FolderSender(folder))


def stored_up_to(store, moment, caught_up=False):
    store.progress.write([progress(moment, caught_up, WALL - timedelta(hours=1))])


def mails(folder):
    found = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in sorted(folder.glob("*.eml"))]
    return sorted(str(mail["Subject"]) for mail in found)


def stored_alerts(store):
    return [(a.id, a.state, a.opened_at, a.fired_at, a.resolved_at, a.observed, a.p_value, a.document_ids) for a in store.alerts.latest()]


def test_a_crisis_is_reported_when_it_fires_when_it_escalates_and_when_it_resolves(filled, tmp_path):
    stored_up_to(filled, END)
    report = service(filled, tmp_path / "outbox").run_once()
    assert (report.fired, report.resolved, report.waiting, report.error) == (1, 1, 0, "")
    (alert,) = [alert for alert in filled.alerts.latest() if alert.fired_at]
    assert (alert.topic, alert.state) == ("Financials", AlertState.RESOLVED)
    assert CRISIS < alert.fired_at < CRISIS + timedelta(minutes=60)
    assert len(alert.document_ids) == 10
    subjects = mails(tmp_path / "outbox")
    assert len(subjects) == report.sent
    assert all("Financials" in subject for subject in subjects)
    assert len([subject for subject in subjects if "resolved" in subject and ", peak " in subject]) == 1
    assert len([subject for subject in subjects if "still firing" not in subject and "now CRITICAL" not in subject]) == 2
    mail = message_from_bytes(next((tmp_path / "outbox").glob("*.eml")).read_bytes(), policy=policy.default)
    assert "https://news.example.org/" in mail.get_body(("plain",)).get_content()
    assert any(part.get_content_type() == "image/png" for part in mail.walk())


def test_nothing_is_read_before_the_watermark_says_so(filled, tmp_path):
    assert service(filled, tmp_path).run_once().watermark is None
    stored_up_to(filled, CRISIS)
    report = service(filled, tmp_path).run_once()
    assert report.evaluated_until == CRISIS - timedelta(minutes=2)
    assert report.fired == 0


def test_many_short_runs_with_restarts_give_the_same_alerts_as_one(filled, tmp_path):
    stored_up_to(filled, END)
    service(filled, tmp_path / "one", COARSE).run_once()
    whole = stored_alerts(filled)
    filled.detector.write_position(DETECTOR, MIDNIGHT, "")
    moment = CRISIS - timedelta(hours=2)
    while moment <= CRISIS + timedelta(hours=6):
        stored_up_to(filled, moment)
        service(filled, tmp_path / "many", COARSE).run_once()  # a new service each time: a restart
        moment += timedelta(minutes=23)
    stored_up_to(filled, END)
    service(filled, tmp_path / "many", COARSE).run_once()
    assert stored_alerts(filled) == whole
    assert mails(tmp_path / "many") == []  # every message of theirs was known already


def failing(store, writes):
    """Return a store that stops answering at the n-th write."""
    left = writes

    def before(_group, method, _args):
        nonlocal left
        if method.startswith("write"):
            left -= 1
            if left < 0:
                raise StoreUnavailableError("the store went away")

    return WatchedStore(store, before)


@pytest.mark.parametrize("writes", range(7))
def test_a_store_that_goes_away_at_any_write_loses_and_doubles_nothing(filled, tmp_path, writes):
    stored_up_to(filled, END)
    report = service(failing(filled, writes), tmp_path, COARSE).run_once()
    assert "went away" in report.error
    assert service(filled, tmp_path, COARSE).run_once().waiting == 0
    assert len([alert for alert in filled.alerts.latest() if alert.fired_at]) == 1
    assert len(set(mails(tmp_path))) == len(mails(tmp_path)) >= 2
    assert len([subject for subject in mails(tmp_path) if "resolved" in subject and ", peak " in subject]) == 1
    written = {file.name: file.stat().st_mtime_ns for file in tmp_path.glob("*.eml")}
    filled.detector.write_position(DETECTOR, MIDNIGHT, "")  # as if the position had been lost after everything was sent
    whole = stored_alerts(filled)
    assert service(filled, tmp_path, COARSE).run_once().sent == 0
    assert stored_alerts(filled) == whole
    assert {file.name: file.stat().st_mtime_ns for file in tmp_path.glob("*.eml")} == written


def test_a_gap_of_years_is_skipped(filled, tmp_path):
    later = MIDNIGHT + timedelta(days=4 * 365)
    filled.documents.insert(documents(later, crisis=later + timedelta(days=2, hours=14), first=100_000), token="later")
    stored_up_to(filled, later + timedelta(days=3))
    late = AlertService(filled, SETTINGS, ManualClock(later + timedelta(days=30)), FolderSender(tmp_path))
    report = late.run_once()
    assert report.ticks < 30 * 1440
    fired = [(alert.topic, alert.state) for alert in reversed(filled.alerts.latest()) if alert.fired_at]
    crisis, silence = ("Financials", AlertState.RESOLVED), ("Source: test", AlertState.RESOLVED)
    assert fired == [crisis, silence, crisis]  # the source is missed once, until the history no longer contains it
    assert report.fired == 3


def test_a_stop_ends_a_run_between_chunks_and_the_next_one_goes_on(filled, tmp_path):
    stored_up_to(filled, END)
    stopped = service(filled, tmp_path)
    stopped.stop()
    assert stopped.run_once().ticks == 0
    assert service(filled, tmp_path).run_once().fired == 1


class Hanging:
    """A receiver that says nothing until it is let go."""

    def __init__(self):
        self.entered, self.may_go_on, self.sent = threading.Event(), threading.Event(), []

    def send(self, notification):
        self.entered.set()
        assert self.may_go_on.wait(60)
        self.sent.append(notification.id)

    def describe(self):
        return "hanging"


def test_the_detector_goes_on_while_a_receiver_hangs_and_a_run_reports_what_was_sent_since_the_one_before(filled):
    stored_up_to(filled, CRISIS + timedelta(hours=1))
    hanging = Hanging()
    detector = AlertService(filled, COARSE, ManualClock(WALL), hanging)
    detector.start()
    try:
        first = detector.run_once()
        assert hanging.entered.wait(60)
        assert (first.fired, first.sent, first.waiting > 0, detector.delivered) == (1, 0, True, False)
        stored_up_to(filled, END)
        second = detector.run_once()
        assert second.evaluated_until > first.evaluated_until
        assert (second.resolved, second.sent, hanging.sent) == (1, 0, [])
        hanging.may_go_on.set()
        while not detector.delivered:
            detector._delivery._lanes.wait_until_idle(1)
        last = detector.run_once()
        assert (last.sent, last.waiting, last.error) == (len(hanging.sent), 0, "")
        assert last.sent == second.waiting == len(set(hanging.sent))
        recorded = filled.read("SELECT sum(sent), max(waiting), min(waiting) FROM detector_runs")
        assert list(recorded) == [(last.sent, second.waiting, 0)]
    finally:
        hanging.may_go_on.set()
        detector.release()


def test_readings_and_runs_are_recorded_for_dashboards(filled, tmp_path):
    stored_up_to(filled, END)
    service(filled, tmp_path / "outbox", COARSE).run_once()
    [crisis] = filled.alerts.latest()
    found = filled.read("SELECT series, toDateTime64(time, 3, 'UTC'), observed, expected, expected_high FROM readings FINAL ORDER BY time")
    inside = [row for row in found if row[0] == "Financials" and crisis.opened_at <= row[1] <= crisis.window_end]
    assert inside
    assert all(observed > high >= expected > 0 for _, _, observed, expected, high in inside)
    [run] = list(filled.read("SELECT fired, ticks, toInt64(evaluated_until), error FROM detector_runs"))
    assert run[0] == 1
    assert run[1] > 0
    assert run[3] == ""
    rolled = filled.read("SELECT sum(negative), sum(neutral) FROM sentiment_rollup FINAL WHERE step = 3600 AND symbol = ''")
    totals = filled.counts.totals()
    assert next(iter(rolled)) == (totals.negative, totals.neutral)
