"""How the demo judges itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from squall.app.demo_report import judge_alerts
from squall.core.records import Alert, AlertState, Severity
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
    assert judge_alerts(SCRIPT, alerts) == {"found": found, "missed": missed, "false": false, "fired": len(alerts)}
