"""The detector of names in the running service, over a real embedded ClickHouse."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from squall import storage
from squall.alerts.detection.names.history import BUCKET_MINUTES
from squall.alerts.minutes import instant, minute_of
from squall.alerts.notification.email.folder import FolderSender
from squall.alerts.service import DETECTOR, AlertService
from squall.alerts.upkeep.rollup_pacing import RollupPacing
from squall.backtest.history.detection import EvaluatedSpan
from squall.backtest.history.names import name_alerts
from squall.core.clock import ManualClock
from squall.core.config.settings import DetectorSettings, Settings
from squall.core.errors import StoreUnavailableError
from squall.core.gravity.levels import level_of
from squall.core.items import Progress
from squall.core.records import AlertState, SeriesKind
from squall.entities.catalogue.catalogue import Catalogue
from tests.support.migrated_stores import open_migrated
from tests.support.name_stream import BANK, BREAKS, DAYS, FIRST, name_documents, named
from tests.support.watched_store import WatchedStore

pytestmark = pytest.mark.slow

END = FIRST + timedelta(days=DAYS)
CALM = BREAKS - timedelta(hours=3)
WALL = END + timedelta(days=30)
LIMITS = DetectorSettings(
    history_days=2,
    slow_window_minutes=0,
    step_minutes=60,
    settle_seconds=0,
    market=False,
    no_data_p_value=0,
    names_per_day=2,
    stories=False,
)
SETTINGS = Settings(detector=LIMITS)
TOLD = Settings(detector=LIMITS, alerts={"notify_history": True})
"""Messages cost most of a run."""
NOBODY = Catalogue(())


@pytest.fixture(autouse=True, scope="module")
def _no_counts_for_dashboards():
    """They cost more than a third of a run, and no alert is made of them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(RollupPacing, "update", lambda *_, **__: None)
        yield


@pytest.fixture
def store(tmp_path):
    opened = open_migrated(tmp_path / "store")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def filled_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("names") / "filled"
    opened = open_migrated(folder)
    opened.documents.insert(name_documents(), token="all")
    opened.close()
    return folder


@pytest.fixture
def filled(filled_folder, tmp_path):
    """A store that holds the whole stream, of which nothing is evaluated."""
    yield from copy_of(filled_folder, tmp_path)


@pytest.fixture(scope="module")
def whole(filled_folder, tmp_path_factory):
    """The alerts of one run over the whole stream."""
    folder = tmp_path_factory.mktemp("whole")
    [found] = [run_and_read(opened, folder) for opened in copy_of(filled_folder, folder)]
    return found


@pytest.fixture(scope="module")
def calm_folder(filled_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("calm")
    for opened in copy_of(filled_folder, folder):
        run_until(opened, CALM, folder)
    return folder / "store"


@pytest.fixture
def calm(calm_folder, tmp_path):
    """The same store, evaluated until `CALM`."""
    yield from copy_of(calm_folder, tmp_path)


def copy_of(folder, to):
    shutil.copytree(folder, to / "store", symlinks=True)
    opened = storage.open(f"chdb://{to / 'store'}?max_threads=1")
    yield opened
    opened.close()


def run_and_read(store, folder):
    run_until(store, END, folder)
    return of_names(store)


def service(store, folder, settings=SETTINGS):
    return AlertService(store, settings, ManualClock(WALL), FolderSender(folder), catalogue=lambda: NOBODY)


def run_until(store, moment, folder, detector=None, settings=SETTINGS):
    store.progress.write([Progress("documents", 0, 0, moment, False, WALL - timedelta(hours=1))])
    return (detector or service(store, folder, settings)).run_once()


def of_names(store):
    """Return the alerts about names with everything but when they were written, and their documents, oldest first."""
    rows = [alert for alert in store.alerts.latest(limit=1000) if alert.kind is SeriesKind.ENTITY]
    rows.sort(key=lambda alert: (alert.opened_at, alert.id))
    return [alert.model_copy(update={"updated_wall": None, "fired_wall": None}) for alert in rows]


def parsed(folder):
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in sorted(folder.glob("*.eml"))]


def mails(folder):
    return sorted(str(mail["Subject"]) for mail in parsed(folder))


def test_a_crisis_of_a_company_is_an_alert_and_mails_that_say_who_and_what_happened(calm, tmp_path):
    run_until(calm, BREAKS, tmp_path)
    report = run_until(calm, BREAKS + timedelta(hours=16), tmp_path, settings=TOLD)
    [crisis] = [alert for alert in of_names(calm) if alert.lead_entity == BANK]
    assert BREAKS <= crisis.fired_at < BREAKS + timedelta(hours=1)
    assert (crisis.topic, crisis.state, crisis.severity) == ("Harbor Union", AlertState.RESOLVED, "critical")
    assert (crisis.gravest, crisis.events) == (pytest.approx(0.92), ("insolvency",))
    assert min(report.fired, report.resolved) >= 1
    subjects = [line for line in mails(tmp_path) if "Harbor Union" in line]
    assert any("CRITICAL: Harbor Union: ruin: insolvency or default; severity 0.9, " in line for line in subjects), subjects
    assert len(calm.notifications.about(crisis.id)) >= 2
    assert (crisis.peak, crisis.documents_so_far, crisis.current_minutes) == (3, 5, 60)  # a document each 17 minutes, looked at each hour
    assert calm.documents.get_many(crisis.document_ids)[0].title.startswith("Harbor Union")
    mail = next(mail for mail in parsed(tmp_path) if "Harbor Union: ruin" in str(mail["Subject"]))
    assert any(part.get_content_type() == "image/png" for part in mail.walk())
    assert "adverse document" in mail.get_body(("plain",)).get_content()


def test_what_is_counted_of_names_is_what_the_mentions_say(filled):
    start, end = FIRST + timedelta(hours=7), END - timedelta(hours=5)
    filled.documents.insert([named(80_000, BREAKS, "A late one", now=BREAKS, undated=True)], token="undated")
    said = [
        (row.entity, minute_of(row.published_at), level_of(row.severity or 0.0, row.p_negative))
        for row in filled.mentions.counted(start, end)
    ]
    known = Counter((entity, minute // BUCKET_MINUTES, level) for entity, minute, reached in said for level in range(reached + 1))
    step = timedelta(minutes=BUCKET_MINUTES)
    rows = filled.levels.by_step(start, end, step=step).items()
    found = {(entity, minute_of(at) // BUCKET_MINUTES, level): n for (entity, at), counts in rows for level, n in enumerate(counts) if n}
    assert found == known
    chosen = (BANK, "company:c3", "country:ruritania")
    adverse = filled.levels.adverse(chosen, start, end)
    per_minute = zip(adverse.topic, adverse.minutes, adverse.negative, adverse.negative + adverse.neutral, strict=True)
    counted = {(adverse.topics[row], int(minute)): (int(bad), int(total)) for row, minute, bad, total in per_minute}
    expected = {
        (entity, minute): (
            sum(e == entity and m == minute and level > 0 for e, m, level in said),
            sum(e == entity and m == minute for e, m, _ in said),
        )
        for entity, minute, _ in said
        if entity in chosen
    }
    assert counted == expected


def test_the_same_documents_give_the_alerts_of_a_backtest(filled, whole):
    known = minute_of(filled.documents.first_published_at())
    load = lambda start, end: filled.mentions.counted(instant(start), instant(end))  # noqa: E731
    found = name_alerts(load, LIMITS, NOBODY, EvaluatedSpan(known, minute_of(END)), known)
    key = lambda alert: (alert.id, alert.opened_at, alert.fired_at, alert.resolved_at, alert.observed, alert.p_value, alert.severity)  # noqa: E731
    assert sorted(map(key, whole)) == sorted(map(key, found))
    assert len(found) >= 3


def test_restarts_at_any_minute_give_the_alerts_of_one_run(filled, whole, tmp_path):
    minutes = random.Random(11).sample(range(minute_of(FIRST) + 1440, minute_of(END)), 3)
    for minute in sorted([*minutes, minute_of(BREAKS) + 1, minute_of(BREAKS) + 18]):
        run_until(filled, instant(minute), tmp_path)  # a new service each time: a restart
    run_until(filled, END, tmp_path)
    assert of_names(filled) == whole


def test_one_service_that_runs_on_reads_the_past_once_and_finds_the_same(calm, whole, tmp_path, caplog):
    on = service(calm, tmp_path)
    with caplog.at_level("INFO", "squall.alerts.names.detector"):
        for moment in (BREAKS - timedelta(minutes=20), BREAKS + timedelta(minutes=18), END - timedelta(hours=9), END):
            run_until(calm, moment, tmp_path, on)
    assert of_names(calm) == whole
    assert sum("was read" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize("restart", [True, False])
def test_a_grave_document_that_comes_late_fires_once_and_gives_the_same_id_after_a_crash(calm, tmp_path, restart):
    at = CALM
    running = service(calm, tmp_path, TOLD)
    run_until(calm, at, tmp_path, running)
    late = [
        named(
            90_000 + n, at - timedelta(minutes=9 - n), f"Alpenbank defaults{n} on{n} bonds{n}", "company:alpenbank", 0.95, ("insolvency",)
        )
        for n in range(4)
    ]
    calm.documents.insert(late, token="late")

    def before(_group, method, _args):
        if method == "write_position":
            raise StoreUnavailableError("the store went away")

    until = at + timedelta(minutes=5)
    broken = run_until(WatchedStore(calm, before), until, tmp_path, settings=TOLD)
    assert "went away" in broken.error
    [first] = [alert for alert in of_names(calm) if alert.lead_entity == "company:alpenbank"]
    run_until(calm, until, tmp_path, service(calm, tmp_path, TOLD) if restart else running)
    run_until(calm, until + timedelta(minutes=30), tmp_path, running)
    [again] = [alert for alert in of_names(calm) if alert.lead_entity == "company:alpenbank"]
    assert (again.id, again.opened_at, again.fired_at) == (first.id, at, at)
    assert again.since == late[0].document.published_at.replace(second=0)
    assert len([line for line in mails(tmp_path) if "Alpenbank" in line]) == 1


@pytest.mark.parametrize("writes", [1, 3])
def test_a_store_that_goes_away_at_any_write_loses_and_doubles_nothing(calm, tmp_path, writes):
    run_until(calm, BREAKS, tmp_path)
    left = writes + 1  # the first tells how far documents have come

    def before(_group, method, _args):
        nonlocal left
        if method.startswith("write"):
            left -= 1
            if left < 0:
                raise StoreUnavailableError("the store went away")

    until = BREAKS + timedelta(minutes=40)
    assert "went away" in run_until(WatchedStore(calm, before), until, tmp_path, settings=TOLD).error
    run_until(calm, until, tmp_path, settings=TOLD)
    [crisis] = [alert for alert in of_names(calm) if alert.lead_entity == BANK]
    assert len([line for line in mails(tmp_path) if "Harbor Union" in line]) == 1
    calm.detector.write_position(DETECTOR, FIRST, "")  # as if the position had been lost
    run_until(calm, until, tmp_path)
    assert [alert for alert in of_names(calm) if alert.lead_entity == BANK] == [crisis]


def test_documents_without_a_time_of_their_own_and_a_budget_of_nothing_raise_no_alert(store, tmp_path):
    rows = [named(n, FIRST + timedelta(hours=n), f"one{n} two{n}", f"company:c{n}") for n in range(60)]
    at = FIRST + timedelta(hours=70)
    rows += [named(100 + n, at, f"Bank{n} fails{n}", severity=0.95, events=("insolvency",), undated=True) for n in range(9)]
    store.documents.insert(rows, token="undated")
    run_until(store, at + timedelta(hours=1), tmp_path)
    assert of_names(store) == []


def test_alerts_are_over_when_names_are_no_longer_watched(calm, tmp_path):
    run_until(calm, BREAKS + timedelta(hours=2), tmp_path)
    assert AlertState.FIRING in {alert.state for alert in of_names(calm)}
    off = SETTINGS.model_copy(update={"detector": LIMITS.model_copy(update={"names_per_day": 0.0})})
    until = BREAKS + timedelta(hours=3)
    run_until(calm, until, tmp_path, service(calm, tmp_path, off))
    assert {alert.state for alert in of_names(calm)} == {AlertState.RESOLVED}
    run_until(calm, until + timedelta(hours=1), tmp_path)
    assert AlertState.FIRING not in {alert.state for alert in of_names(calm)}
