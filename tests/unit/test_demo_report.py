"""How the demo judges itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from squall.alerts.notification.email.folder import FolderSender
from squall.alerts.notification.receivers import open_receivers
from squall.app.demo.report import judge_alerts
from squall.app.demo.run import demo_settings
from squall.core.clock import ManualClock
from squall.core.config.settings import Settings
from squall.core.records import Alert, AlertState, SeriesKind, Severity
from squall.ingest.synthetic.stream import describe, generate

SCRIPT = describe(generate(days=1), seed=7)


def _alert(topic: str, hours_into_crisis: float) -> Alert:
    opened = SCRIPT.crisis.start + timedelta(hours=hours_into_crisis)
    return Alert(
        id="0" * 32,
        topic=topic,
        state=AlertState.FIRING,
        severity=Severity.WARNING,
        window_start=opened - timedelta(hours=1),
        window_end=opened,
        observed=20,
        expected=2.0,
        p_value=1e-9,
        negative_share=0.8,
        expected_share=0.1,
        method="test",
        opened_at=opened,
        fired_at=opened,
        updated_at=opened,
    )


@pytest.mark.parametrize(
    ("alerts", "found", "missed", "false"),
    [
        ([], 0, 1, 0),
        ([_alert(SCRIPT.crisis.topics[0], 1)], 1, 0, 0),
        ([_alert("Dividend", 1)], 0, 1, 0),
        ([_alert(SCRIPT.crisis.topics[0], -5)], 0, 1, 1),
        ([_alert(SCRIPT.crisis.topics[0], 1), _alert("Dividend", 6)], 1, 0, 1),
    ],
)
def test_an_alert_counts_by_its_time_and_topic(alerts: list[Alert], found: int, missed: int, false: int) -> None:
    counts = {"found": found, "missed": missed, "false": false, "fired": len(alerts)}
    assert judge_alerts(SCRIPT, alerts) == {**counts, "names": 0, "named": 0}


def test_alerts_about_names_are_counted_apart() -> None:
    bank, other = (
        _alert(name, hours).model_copy(update={"kind": SeriesKind.ENTITY}) for name, hours in ((SCRIPT.crisis.name, 1), ("C", -5))
    )
    assert judge_alerts(SCRIPT, [other]) == {"found": 0, "missed": 1, "false": 0, "fired": 1, "names": 1, "named": 0}
    assert judge_alerts(SCRIPT, [bank, other]) == {"found": 0, "missed": 1, "false": 0, "fired": 2, "names": 2, "named": 1}


def test_the_mails_of_the_demo_go_to_its_folder_whatever_receivers_are_configured(tmp_path: Path) -> None:
    desk = {"name": "desk", "url": "https://desk.example.org/"}
    alerts = {"smtp_host": "mx.example.org", "outbox": tmp_path / "elsewhere", "receivers": [desk], "routes": [{"receiver": "desk"}]}
    settings = demo_settings(Settings.model_validate({"alerts": alerts}), tmp_path / "demo")
    assert settings.outbox == tmp_path / "demo" / "outbox"
    assert settings.alerts.notify_history
    assert not settings.alerts.routes
    described = open_receivers(settings, ManualClock(SCRIPT.start)).describe()
    assert described == f"default: {FolderSender(settings.outbox).describe()}"
