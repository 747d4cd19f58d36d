"""Every service over real HTTP on loopback: what the real one accepts, refuses and remembers."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from squall.alerts.interfaces import LONGEST_ASKED_SECONDS, DeliveryRefusedError, DeliveryUnavailableError
from squall.alerts.notification.content import DualTime, NotificationContent, Reason
from squall.alerts.notification.receivers import open_receivers, render
from squall.cli.main import app
from squall.core.clock import ManualClock
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.records import AlertState, Severity
from squall.storage.rows.alerting import Notification
from tests.support.alert_mail import NOW, MemoryOutbox, alert, deliver, stored
from tests.support.services import SECRET, Services

CHANNELS = ("slack", "teams", "discord", "pagerduty", "opsgenie", "telegram")
WRONG = "f" * 32
FIRING = alert(topic="Harbor Union")
CRITICAL = alert(topic="Harbor Union", severity=Severity.CRITICAL)
RESOLVED = alert(topic="Harbor Union", state=AlertState.RESOLVED, resolved_at=NOW + timedelta(hours=2))
STORY = ((Reason.FIRING, FIRING), (Reason.ESCALATED, CRITICAL), (Reason.REPEAT, CRITICAL), (Reason.RESOLVED, RESOLVED))
SEEN = "acknowledged"
DOCUMENTS = {FIRING.id: [stored("Harbor Union halts withdrawals")]}


@pytest.fixture
def services():
    with Services() as running:
        yield running


def chosen(services, secret=SECRET, **more):
    receivers = [{**row, **more} for row in services.receivers(secret)]
    return Settings(alerts={"receivers": receivers, "link_base": "https://squall.example.org/"})


def message(settings, channel, number=0):
    """The message of a step of the story, or that it was `SEEN`."""
    reason, row = (Reason.ACKNOWLEDGED, CRITICAL) if number == SEEN else STORY[number]
    content = NotificationContent(
        f"k{number}", channel, reason, (row,), DualTime(NOW, NOW), "group1", new_count=reason is not Reason.REPEAT
    )
    body = render(f"k{number}-{channel}", content, DOCUMENTS, lambda: None, settings.alerts, NOW)
    at = NOW if number == SEEN else NOW + timedelta(seconds=number)
    return Notification(f"k{number}-{channel}", "group1", reason.value, "queued", 0, "", body, at, at, channel, (row.id,))


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_whole_story_is_accepted_in_order(services, channel):
    settings, clock = chosen(services), ManualClock(NOW)
    queue = MemoryOutbox(*(message(settings, channel, number) for number in range(len(STORY))))
    report = deliver(queue, open_receivers(settings, clock), clock)
    assert (report.sent, report.waiting, services.refused) == (len(STORY), 0, [])
    assert "Harbor Union" in json.dumps(services.taken[0].body)
    assert [taken.headers["User-Agent"] for taken in services.taken] == ["Squall"] * len(services.taken)


def test_pagerduty_has_one_incident_which_is_closed_and_opened_again_by_the_next_crisis(services):
    settings, clock = chosen(services), ManualClock(NOW)
    receivers = open_receivers(settings, clock)
    for number in range(3):
        receivers.send(message(settings, "pagerduty", number))
    (incident,) = services.incidents.values()
    assert (incident["open"], len(incident["summaries"])) == (True, 3)
    assert "acknowledged" not in incident
    receivers.send(message(settings, "pagerduty", SEEN))
    assert (incident["open"], incident["acknowledged"]) == (True, True)
    receivers.send(message(settings, "pagerduty", 3))
    assert not incident["open"]
    receivers.send(message(settings, "pagerduty", 0))
    assert [(row["open"], row["opened"]) for row in services.incidents.values()] == [(True, 2)]


def test_opsgenie_has_one_alert_which_is_raised_and_closed(services):
    settings, clock = chosen(services), ManualClock(NOW)
    receivers = open_receivers(settings, clock)
    receivers.send(message(settings, "opsgenie", 0))
    (row,) = services.alerts.values()
    assert (row["priority"], row["count"]) == ("P3", 1)
    receivers.send(message(settings, "opsgenie", 1))
    receivers.send(message(settings, "opsgenie", 2))
    assert (row["priority"], row["count"], row["open"]) == ("P1", 3, True)
    receivers.send(message(settings, "opsgenie", SEEN))
    assert (row["count"], row["open"], row["acknowledged"]) == (3, True, True)
    receivers.send(message(settings, "opsgenie", 3))
    assert [each["open"] for each in services.alerts.values()] == [False]


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_message_sent_twice_opens_no_second_incident(services, channel):
    settings, clock = chosen(services), ManualClock(NOW)
    receivers = open_receivers(settings, clock)
    receivers.send(message(settings, channel))
    receivers.send(message(settings, channel))
    assert len(services.incidents) == (channel == "pagerduty")
    assert len(services.alerts) == (channel == "opsgenie")


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_wrong_secret_is_refused_and_shown_nowhere(services, channel, caplog):
    caplog.set_level(logging.DEBUG)
    settings, clock = chosen(services, WRONG), ManualClock(NOW)
    receivers, queue = open_receivers(settings, clock), MemoryOutbox(message(settings, channel))
    report = deliver(queue, receivers, clock)
    (row,) = queue.rows.values()
    assert (report.sent, row.last_error.startswith("refused: ")) == (0, True)
    assert "check the receiver's" in row.last_error
    shown = "\n".join([row.last_error, report.last_error, receivers.describe(), repr(settings), caplog.text, row.message.decode()])
    assert WRONG not in shown
    assert "127.0.0.1" in row.last_error  # which host, so that it can be found


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0.75"}, 0.75),
        ({"Retry-After": "Mon, 02 Mar 2026 14:06:00 GMT"}, 60),
        ({"X-RateLimit-Period-In-Sec": "20"}, 20),
        ({"Retry-After": "999999999"}, LONGEST_ASKED_SECONDS),
        ({}, 0),
    ],
)
def test_a_service_that_asks_for_a_pause_is_understood(services, channel, headers, seconds):
    settings, clock = chosen(services), ManualClock(NOW)
    services.throttled, services.throttle_headers = 1, headers
    with pytest.raises(DeliveryUnavailableError, match="answered 429 Too Many Requests") as caught:
        open_receivers(settings, clock).send(message(settings, channel))
    assert caught.value.wait_seconds == seconds


def test_nothing_is_sent_before_the_pause_is_over_also_after_a_restart(services):
    settings, clock = chosen(services), ManualClock(NOW)
    queue = MemoryOutbox(message(settings, "slack", 0), replace(message(settings, "slack", 1), alert_id="group2"))
    services.throttled, services.throttle_headers = 1, {"Retry-After": "40"}
    assert deliver(queue, open_receivers(settings, clock), clock).waiting == 2
    first = queue.rows["k0-slack"]
    assert first.last_error.startswith("asked to wait 40 s: Slack http://127.0.0.1")
    for wait, sent in ((39, False), (1, True)):
        clock.advance(wait)
        deliver(queue, open_receivers(settings, clock), clock)  # a process that has just started
        assert (queue.rows["k0-slack"].status == "sent") is sent


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_service_that_is_down_is_tried_again(services, channel):
    settings, clock = chosen(services), ManualClock(NOW)
    services.down = True
    queue = MemoryOutbox(message(settings, channel))
    assert deliver(queue, open_receivers(settings, clock), clock).waiting == 1
    services.down = False
    clock.advance(15)
    assert deliver(queue, open_receivers(settings, clock), clock).sent == 1


@pytest.mark.parametrize(
    ("channel", "apart"), [("slack", 1), ("teams", 1), ("discord", 2), ("pagerduty", 0.5), ("opsgenie", 1), ("telegram", 3)]
)
def test_messages_keep_the_distance_that_the_service_wants(services, channel, apart):
    settings, clock = chosen(services), ManualClock(NOW)
    receivers = open_receivers(settings, clock)
    for _ in range(4):
        receivers.send(message(settings, channel))
    assert clock.monotonic() == pytest.approx(3 * apart)
    clock.advance(60)
    receivers.send(message(settings, channel))
    assert clock.monotonic() == pytest.approx(3 * apart + 60)


def test_a_message_of_another_channel_is_refused_and_says_why(services):
    settings, clock = chosen(services), ManualClock(NOW)
    mail = replace(message(settings, "slack"), message=b"From: a@example.org\r\n\r\nhello")
    with pytest.raises(DeliveryRefusedError, match="before the receiver 'slack' became one of Slack"):
        open_receivers(settings, clock).send(mail)
    assert services.taken == []


def test_a_service_on_another_machine_is_not_reached_in_plaintext():
    slack = {"name": "desk", "channel": "slack", "url": f"http://hooks.example.org/{SECRET}"}
    with pytest.raises(ConfigurationError, match=r"the receiver 'desk' at hooks\.example\.org would be reached in plaintext") as caught:
        open_receivers(Settings(alerts={"receivers": [slack]}), ManualClock(NOW))
    assert SECRET not in str(caught.value)


def test_squall_alerts_test_reaches_a_receiver_of_every_kind(services, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    hook = {"name": "hook", "url": f"{services.base}{'/v2/enqueue'}", "template": str(tmp_path / "event.json.j2")}
    (tmp_path / "event.json.j2").write_text(
        f'{{"routing_key": "{SECRET}", "event_action": "trigger", "dedup_key": {{{{ group }}}},'
        ' "payload": {"summary": {{ subject }}, "severity": "warning", "source": {{ receiver }}}}'
    )
    monkeypatch.setenv("SQUALL_ALERTS__RECEIVERS", json.dumps([*services.receivers(), hook]))
    monkeypatch.setenv("SQUALL_DATA_DIR", str(tmp_path / "data"))
    shown = CliRunner().invoke(app, ["alerts", "test", "--all", "--json"])
    assert shown.exit_code == 0, shown.output
    rows = json.loads(shown.stdout)["results"]
    assert {row["receiver"]: row["sent"] for row in rows} == dict.fromkeys(["default", *CHANNELS, "hook"], True)
    assert len(services.taken) == len(CHANNELS) + 1
    assert services.refused == []
    assert SECRET not in shown.output
