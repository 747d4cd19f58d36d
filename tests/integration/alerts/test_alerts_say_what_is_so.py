"""From documents in a real store to what messages and alerts say: who drives an alert, what was judged, and what is so now."""

from datetime import datetime, timedelta

import orjson
import pytest

from squall.alerts.notification.receivers import open_receivers
from squall.alerts.service import DETECTOR, AlertService
from squall.core.clock import ManualClock
from squall.core.config.settings import Settings
from squall.core.records import AlertState, EntityKind, Mention
from tests.support.alert_stream import CRISIS, END, documents, progress
from tests.support.migrated_stores import open_migrated
from tests.support.webhook_server import Receiver

pytestmark = pytest.mark.slow

WALL = datetime.fromisoformat("2100-01-01T00:00:00+00:00")
HOUR = timedelta(hours=1)
NAMED_OF_SIX = 5


def named(number, row):
    """Return the document naming Harbor Union, if it is negative, of the crisis, and not every sixth."""
    during = CRISIS <= row.document.published_at < CRISIS + 2 * HOUR
    if not during or row.topic != "Financials" or row.p_negative < 0.5 or number % 6 == NAMED_OF_SIX:
        return row.model_copy(update={"catalogue_version": "c1"})
    tone = {"p_negative": 0.9, "p_neutral": 0.05, "p_positive": 0.05}
    place = {"start": 0, "end": 3, "relevance": 1.0, "first": True}
    mention = Mention(entity="company:harbor", kind=EntityKind.COMPANY, name="Harbor Union", symbols=(), **place, **tone)
    document = row.document.model_copy(update={"title": f"Harbor Union halts withdrawals at branch {number}"})
    return row.model_copy(update={"document": document, "mentions": (mention,), "catalogue_version": "c1"})


ROWS = [named(number, row) for number, row in enumerate(documents())]
NEGATIVE = {
    "Financials": sorted(row.document.published_at for row in ROWS if row.p_negative > 0.5 and row.topic == "Financials"),
    "All topics": sorted(row.document.published_at for row in ROWS if row.p_negative > 0.5),
}


def counted(topic, start, end):
    return sum(start <= at < end for at in NEGATIVE[topic])


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Run the detector over the crisis, with repeats every quarter of an hour; return the store and the messages."""
    folder = tmp_path_factory.mktemp("told")
    hook = Receiver()
    receivers = [{"name": "desk", "url": hook.url}]
    chosen = Settings(
        data_dir=folder,
        detector={"history_days": 14, "resolve_minutes": 30},
        alerts={
            "receivers": receivers,
            "routes": [{"receiver": "desk"}],
            "repeat_interval_seconds": 900,
            "max_per_hour": 1000,
            "notify_history": True,
        },
        web={"url": "https://squall.example.org/"},
    )
    store = open_migrated(folder / "store")
    store.progress.write([progress(END, caught_up=False, updated_at=WALL - HOUR)])
    store.documents.insert(ROWS, token="all")
    store.detector.write_position(DETECTOR, CRISIS - 3 * HOUR, "")
    clock = ManualClock(WALL)
    report = AlertService(store, chosen, clock, open_receivers(chosen, clock)).run_once()
    assert report.error == ""
    yield store, [orjson.loads(body) for _, _, body in hook.calls]
    hook.close()
    store.close()


def test_who_drives_an_alert_is_counted_in_the_window_that_was_judged(told):
    store, _ = told
    for alert in store.alerts.latest():
        if alert.fired_at is None:
            continue
        drivers = store.drivers.of(alert, {})
        assert drivers.documents == alert.named_documents == alert.observed == counted(alert.topic, alert.window_start, alert.window_end)
        assert (alert.lead, alert.lead_documents) == ("Harbor Union", drivers.lead.documents)
        assert 0.5 * alert.observed < alert.lead_documents < alert.observed
        assert drivers.stories[0].documents == alert.lead_documents  # one story told from many branches
        assert alert.stories == drivers.story_count
        assert alert.observed == round(alert.total * alert.negative_share)
        assert alert.limit <= alert.observed


def test_the_first_message_says_who_and_links_to_the_alert(told):
    _, messages = told
    first = messages[0]
    assert first["reason"] == "firing"
    assert first["subject"].startswith("Squall: ")
    assert "Harbor Union" in first["subject"]
    assert len(first["subject"]) <= 110
    row = first["alerts"][0]
    assert row["driver"].startswith(f"Harbor Union: {row['lead_documents']} of {row['observed']} negative documents")
    assert row["link"] == f"https://squall.example.org/?alert={row['id']}"


def test_every_message_tells_what_is_so_when_it_is_made(told):
    _, messages = told
    repeats = [message for message in messages if message["reason"] == "repeat"]
    assert repeats
    for message in repeats:
        at = datetime.fromisoformat(message["at"]).replace(second=0, microsecond=0)
        for row in message["alerts"]:
            since = datetime.fromisoformat(row["since"])
            assert row["current"] == counted(row["topic"], at - HOUR, at), message["at"]
            assert row["documents_so_far"] == counted(row["topic"], since, at)
            assert row["peak"] == most(row["topic"], datetime.fromisoformat(row["opened_at"]), at)
            assert str(row["current"]) in message["subject"]
    assert len({message["alerts"][0]["current"] for message in repeats}) > 2
    trends = [(message["at"], row["topic"], row["current"], row["trend"]) for message in repeats for row in message["alerts"]]
    assert {trend for *_, trend in trends} >= {"falling"}, trends


def most(topic, opened, until):
    minutes = int((until - opened) / timedelta(minutes=1))
    return max(counted(topic, opened + timedelta(minutes=m) - HOUR, opened + timedelta(minutes=m)) for m in range(minutes + 1))


def test_a_resolved_alert_says_when_it_began_fired_peaked_and_ended(told):
    store, messages = told
    for alert in store.alerts.latest((AlertState.RESOLVED,)):
        assert alert.opened_at <= alert.fired_at <= alert.resolved_at
        assert alert.opened_at <= alert.peaked_at <= alert.resolved_at
        assert alert.peak == most(alert.topic, alert.opened_at, alert.resolved_at)
        assert alert.fired_wall == alert.updated_wall == WALL
    assert messages[-1]["reason"] == "resolved"
    assert f"peak {messages[-1]['alerts'][0]['peak']} negative in 60 min" in messages[-1]["subject"]
