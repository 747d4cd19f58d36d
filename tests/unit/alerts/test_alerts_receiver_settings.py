"""What each channel needs in the settings, and what it does not take."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from squall.alerts.heartbeat import open_heartbeat
from squall.alerts.notification.content import DualTime, NotificationContent, Reason
from squall.alerts.notification.receivers import open_receivers, render
from squall.core.clock import ManualClock
from squall.core.config.alerts import AlertSettings, Channel, HeartbeatSettings, ReceiverSettings
from squall.core.config.loading import load_settings
from squall.core.config.reference import settings_in, value_of
from tests.support.alert_mail import NOW, alert, stored

GUIDE = (Path(__file__).parents[3] / "docs" / "alerting.md").read_text()
KEY = "hunter2hunter2"
GOOD = [
    ({"to": ["a@example.org"]}, "email", ""),
    ({"url": "https://h.example/x/"}, "webhook", "https://h.example/x/"),
    ({"channel": "slack", "url": "https://hooks.slack.com/services/T/B/x"}, "slack", "https://hooks.slack.com/services/T/B/x"),
    ({"channel": "teams", "url": "https://x.logic.azure.com/w?sig=1"}, "teams", "https://x.logic.azure.com/w?sig=1"),
    ({"channel": "discord", "url": "https://discord.com/api/webhooks/1/x"}, "discord", "https://discord.com/api/webhooks/1/x"),
    ({"channel": "pagerduty", "secret": KEY}, "pagerduty", "https://events.pagerduty.com"),
    ({"channel": "pagerduty", "secret": KEY, "url": "https://events.eu.pagerduty.com/"}, "pagerduty", "https://events.eu.pagerduty.com"),
    ({"channel": "opsgenie", "secret": KEY}, "opsgenie", "https://api.opsgenie.com"),
    ({"channel": "telegram", "secret": KEY, "chat": "-100123"}, "telegram", "https://api.telegram.org"),
    ({"channel": "telegram", "secret": KEY, "chat": "@risk_desk"}, "telegram", "https://api.telegram.org"),
    ({"url": "https://h.example/", "headers": {"Authorization": f"Bearer {KEY}"}}, "webhook", "https://h.example/"),
]
BAD = [
    ({"channel": "slack"}, "needs `url`"),
    ({"channel": "slack", "url": "https://h.example/", "secret": KEY}, "`secret`, which does not apply to the channel slack"),
    ({"channel": "pagerduty"}, "needs `secret`"),
    ({"channel": "telegram", "secret": KEY}, "needs `chat`"),
    ({"channel": "telegram", "secret": KEY, "chat": "risk desk"}, "chat"),
    ({"channel": "email", "url": "https://h.example/"}, "needs `to`"),
    ({"to": ["a@example.org"], "secret": KEY}, "`secret`, which does not apply to the channel email"),
    ({"to": ["a@example.org"], "chat": "1"}, "`chat`, which does not apply"),
    ({"channel": "pigeon", "url": "https://h.example/"}, "channel"),
    ({"url": "https://h.example/", "template": "/no/such/file"}, "is not a file"),
    ({"url": "https://h.example/", "headers": {"Host": "other"}}, "can't be a header of your own"),
    ({"url": "https://h.example/", "headers": {"X": "a\r\nY: b"}}, "other than printable ASCII"),
    ({"url": "https://h.example/", "headers": {"a b": "c"}}, "can't be a header of your own"),
    ({"url": "https://h.example/", "content_type": "text/plain\r\nX: y"}, "content_type"),
]


@pytest.mark.parametrize(("given", "channel", "address"), GOOD)
def test_each_channel_takes_what_it_needs(given: dict, channel: str, address: str) -> None:
    receiver = ReceiverSettings.model_validate({"name": "x", **given})
    assert (receiver.channel, receiver.address) == (channel, address)


@pytest.mark.parametrize(("given", "complaint"), BAD)
def test_what_is_missing_or_does_not_belong_is_named_without_secrets(given: dict, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint) as caught:
        ReceiverSettings.model_validate({"name": "x", **given})
    assert KEY not in "; ".join(error["msg"] for error in caught.value.errors())


def test_the_settings_show_no_secret_of_any_channel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    given = [{"name": f"x{number}", **row} for number, (row, _, _) in enumerate(GOOD)]
    monkeypatch.setenv("SQUALL_ALERTS__RECEIVERS", json.dumps(given).replace("/services/T/B/x", f"/{KEY}").replace("sig=1", f"sig={KEY}"))
    monkeypatch.setenv("SQUALL_ALERTS__HEARTBEAT__URL", f"https://hc-ping.com/{KEY}")
    monkeypatch.setenv("SQUALL_ALERTS__HEARTBEAT__AUTHORIZATION", f"GenieKey {KEY}")
    settings = load_settings()
    shown = [str(value_of(settings, setting)) for setting in settings_in() if setting.path[0] == "alerts"]
    assert KEY not in "\n".join([*shown, repr(settings)])


@pytest.mark.parametrize("wrong", [{"url": "ftp://h/"}, {"url": "https://h/ x"}, {"authorization": "a\nb"}, {"interval_seconds": 0}])
def test_a_heartbeat_that_can_not_be_is_refused(wrong: dict) -> None:
    with pytest.raises(ValidationError):
        HeartbeatSettings.model_validate(wrong)


def test_the_default_receiver_is_for_e_mail() -> None:
    assert AlertSettings().by_name["default"].channel == "email"


def test_the_guides_receivers_heartbeat_and_template_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _, receivers, heartbeat = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    (template,) = re.findall(r"```jinja\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "mattermost.json.j2").write_text(template)
    text = receivers.replace("/etc/squall/", f"{tmp_path}/").replace("Bearer …", "Bearer x")
    (tmp_path / "squall.toml").write_text(text + heartbeat)
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    used = {receiver.channel for receiver in settings.alerts.by_name.values()}
    assert used == set(get_args(Channel))
    assert set(open_receivers(settings, ManualClock(NOW)).names) == set(settings.alerts.by_name)
    assert open_heartbeat(settings) is not None
    two = (alert(topic='"Oil"'), alert(id="cd" * 16, topic="Gold"))
    content = NotificationContent("k", "mattermost", Reason.FIRING, two, DualTime(NOW, NOW), "g", new_count=2)
    body = json.loads(render("k", content, {two[0].id: [stored("a"), stored("b")]}, lambda: None, settings.alerts, NOW))
    assert body["text"].startswith("**Squall: 2 topics: ")
    assert body["attachments"] == [{"title": '"Oil" (warning)', "text": "a\nb"}, {"title": "Gold (warning)", "text": ""}]


@pytest.mark.parametrize("key", ["to", "from"])
def test_what_is_no_mail_address_is_refused_by_name_when_the_settings_are_read(key):
    with pytest.raises(ValidationError, match=r"can't be a domain") as caught:
        AlertSettings.model_validate({key: "risk@ü..de" if key == "from" else ["risk@ü..de"]})
    [error] = caught.value.errors()
    assert "'risk@ü..de'" in error["msg"]
    with pytest.raises(ValidationError, match="no e-mail address"):
        ReceiverSettings(name="desk", to=("risk@",))
    assert AlertSettings(to=("risk@müller.de", "jürgen@example.com")).needing_smtputf8 == ["jürgen@example.com"]
