"""From documents in a real store to what receivers get: routes, silences, acknowledgements, the lease, the market, a source that stops."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import orjson
import pytest

from squall.alerts import dispatcher
from squall.alerts.lease import Lease
from squall.alerts.notification.receivers import open_receivers, render
from squall.alerts.service import DETECTOR, AlertService
from squall.core.clock import ManualClock
from squall.core.config.settings import Settings
from squall.core.records import SeriesKind
from squall.core.series import MARKET
from squall.storage.rows.alerting import Acknowledgement, Silence
from tests.support.alert_stream import CRISIS, END, documents, progress
from tests.support.migrated_stores import open_migrated
from tests.support.services import Services
from tests.support.webhook_server import Receiver

pytestmark = pytest.mark.slow

PLAIN = {"names_per_day": 0, "stories": False}
"""Alerts about names and stories, which cost most of a run, have tests of their own."""
WALL = datetime(2100, 1, 1, tzinfo=UTC)  # claims of a lease long over are dropped by the store, whose clock is the real one


@pytest.fixture
def empty(tmp_path):
    opened = open_migrated(tmp_path / "store")
    opened.progress.write([progress(END, caught_up=False, updated_at=WALL - timedelta(hours=1))])
    yield opened
    opened.close()


@pytest.fixture
def store(empty):
    empty.documents.insert(documents(), token="all")
    return empty


@pytest.fixture
def hook():
    receiver = Receiver()
    yield receiver
    receiver.close()


def settings(hook, tmp_path, name, **alerts):
    """A webhook for everything; group names differ, so that runs over one store do not know each other's messages."""
    receivers = [{"name": name, "url": hook.url, "secret": "key"}] if hook else []
    return Settings(
        data_dir=tmp_path,
        detector={"history_days": 14, "resolve_minutes": 30, "step_minutes": 5} | PLAIN,
        alerts={"receivers": receivers, "routes": [{"receiver": name}], "notify_history": True} | alerts,
    )


def run(store, chosen, position):
    clock = ManualClock(WALL)
    store.detector.write_position(DETECTOR, position, "")
    return AlertService(store, chosen, clock, open_receivers(chosen, clock)).run_once()


def bodies(hook):
    return [orjson.loads(body) for _, _, body in hook.calls]


START = CRISIS - timedelta(hours=3)


def test_a_crisis_reaches_a_webhook_signed_with_the_market_alert_muting_its_topic(store, hook, tmp_path):
    report = run(store, settings(hook, tmp_path, "desk"), START)
    assert (report.fired, report.error) == (2, "")
    fired = {alert.topic: alert for alert in store.alerts.latest() if alert.fired_at}
    assert set(fired) == {"Financials", MARKET}
    assert fired[MARKET].kind is SeriesKind.MARKET
    assert len(fired[MARKET].document_ids) == 10
    assert (
        fired["Financials"].expected_low <= fired["Financials"].expected < fired["Financials"].expected_high < fired["Financials"].observed
    )
    assert len(hook.calls) == report.sent
    _, headers, body = hook.calls[0]
    signed = headers["X-Squall-Timestamp"].encode() + b"." + body
    assert headers["X-Squall-Signature"] == "sha256=" + hmac.new(b"key", signed, hashlib.sha256).hexdigest()
    reasons = [message["reason"] for message in bodies(hook)]
    assert reasons[0] == "firing"
    assert reasons[-1] == "resolved"


def test_a_crisis_opens_one_incident_and_closes_it_and_is_told_in_chats(store, tmp_path):
    with Services() as services:
        names = ("pagerduty", "opsgenie", "slack", "telegram")
        receivers = [row for row in services.receivers() if row["name"] in names]
        routes = [{"receiver": name, "continue": True} for name in names]
        base = settings(None, tmp_path, "unused", receivers=receivers, routes=routes)
        report = run(store, base, START)
    assert (report.fired, report.waiting, report.error, services.refused) == (2, 0, "", [])
    assert [row["open"] for row in services.incidents.values()] == [False]
    assert [row["open"] for row in services.alerts.values()] == [False]
    texts = [json.dumps(taken.body) for taken in services.taken if taken.path.endswith("/sendMessage")]
    assert "Financials" in texts[0]
    assert any(MARKET in text for text in texts)
    assert "resolved" in texts[-1]
    assert len([taken for taken in services.taken if taken.path.startswith("/services")]) == len(texts)


def test_a_silence_mutes_its_alerts_and_nothing_else(store, hook, tmp_path):
    whole_crisis = Silence("s1", ("topic=*",), "ann", "known", WALL - timedelta(hours=1), WALL + timedelta(hours=1))
    store.silences.write([whole_crisis])
    report = run(store, settings(hook, tmp_path, "silenced"), START)
    assert report.fired == 2
    assert hook.calls == []


def test_an_acknowledged_alert_is_not_repeated_but_its_resolved_notice_is_sent(store, hook, tmp_path):
    chosen = settings(hook, tmp_path, "often", repeat_interval_seconds=900)
    run(store, chosen, START)
    repeats = [message for message in bodies(hook) if message["reason"] == "repeat"]
    assert repeats
    for alert in store.alerts.latest():
        store.acknowledgements.write(Acknowledgement(alert.id, "ann", "on it", WALL))
    hook.calls.clear()
    run(store, settings(hook, tmp_path, "once", repeat_interval_seconds=900), START)
    reasons = [message["reason"] for message in bodies(hook)]
    assert "repeat" not in reasons
    assert reasons[-1] == "resolved"


def test_a_second_detector_stands_by_while_another_holds_the_lease(store, hook, tmp_path):
    clock = ManualClock(WALL)
    other = Lease(store.leases, DETECTOR, "another machine", 180, clock)
    assert other.hold()
    chosen = settings(hook, tmp_path, "second")
    standby = AlertService(store, chosen, clock, open_receivers(chosen, clock)).run_once()
    assert (standby.standby, standby.sent, hook.calls) == (True, 0, [])
    other.release()
    assert not AlertService(store, chosen, clock, open_receivers(chosen, clock)).run_once().standby


def test_a_source_that_stops_is_an_alert_of_its_own(empty, tmp_path, hook):
    busy = [row for number in range(4) for row in documents(crisis=None, seed=10 + number, first=100_000 * number)]
    stopped = END - timedelta(hours=4)
    empty.documents.insert([row for row in busy if row.document.published_at < stopped], token="busy")
    report = run(empty, settings(hook, tmp_path, "gone"), stopped - timedelta(hours=1))
    (alert,) = [alert for alert in empty.alerts.latest() if alert.fired_at]
    assert (alert.topic, alert.kind, alert.test) == ("Source: test", SeriesKind.SOURCE, "no data")
    assert stopped < alert.fired_at < stopped + timedelta(hours=3)
    assert report.error == ""
    assert bodies(hook)[0]["alerts"][0]["topic"] == "Source: test"


def test_a_message_that_can_not_be_made_of_its_documents_goes_without_them_and_stops_nothing(store, hook, tmp_path, monkeypatch):
    def failing(key, content, found, chart, chosen, now):
        if found:
            raise UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed")
        return render(key, content, found, chart, chosen, now)

    monkeypatch.setattr(dispatcher, "render", failing)
    report = run(store, settings(hook, tmp_path, "desk"), START)
    assert (report.fired, report.error) == (2, "")
    assert [message["reason"] for message in bodies(hook)][:1] == ["firing"]


@pytest.mark.parametrize("name", ["=?u8?q?x=0aTo:_victim@evil.org?=", "é =?u8?q?=ff?="])
def test_a_source_whose_name_is_an_encoded_word_changes_no_mail_and_stops_no_run(empty, tmp_path, name):
    stopped = END - timedelta(hours=4)
    rows = [row for number in range(4) for row in documents(crisis=None, seed=10 + number, first=100_000 * number)]
    named = [row.model_copy(update={"document": row.document.model_copy(update={"source": name})}) for row in rows]
    empty.documents.insert([row for row in named if row.document.published_at < stopped], token="busy")
    chosen = Settings(
        data_dir=tmp_path,
        detector={"history_days": 14, "resolve_minutes": 30, "step_minutes": 5} | PLAIN,
        alerts={"to": ["desk@example.org"], "notify_history": True},
    )
    run(empty, chosen, stopped - timedelta(hours=1))
    assert empty.detector.position(DETECTOR).evaluated_until == END - timedelta(seconds=chosen.detector.settle_seconds)
    mails = [message_from_bytes(path.read_bytes()) for path in (tmp_path / "outbox").glob("*.eml")]
    assert [mail.get_all("To") for mail in mails] == [["desk@example.org"]]
