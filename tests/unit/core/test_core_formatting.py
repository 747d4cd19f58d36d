from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from squall.core.formatting import chance, duration, explanation, number, window
from squall.core.records import Alert, AlertState, SeriesKind, Severity

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def alert(**changes: Any) -> Alert:
    fields = {
        "id": "ab" * 16,
        "topic": "Financials",
        "state": AlertState.FIRING,
        "severity": Severity.WARNING,
        "window_start": NOW - timedelta(hours=1),
        "window_end": NOW,
        "observed": 42,
        "expected": 5.04,
        "expected_low": 2.0,
        "expected_high": 9.0,
        "p_value": 3.2e-9,
        "negative_share": 0.7,
        "expected_share": 0.21,
        "method": "m",
        "opened_at": NOW,
        "fired_at": NOW + timedelta(minutes=5),
        "updated_at": NOW,
    }
    return Alert(**{**fields, **changes})


def test_an_alert_is_explained_in_sentences() -> None:
    assert explanation(alert()) == [
        "42 negative documents were published in the 60 minutes 2026-03-02 13:05 to 14:05 UTC, 8.3× the usual number.",
        "About 5 were expected; 90% of such windows have 2 to 9.",
        "70% of all documents were negative, usually 21%.",
        "About one window in 310,000,000 would show this by chance (p = 3.2e-09).",
        "The test that detected it: burst (fast window), which detects sudden rises within an hour or less.",
        "The first breach was at 2026-03-02 14:05 UTC; it has been firing since 2026-03-02 14:10 UTC.",
    ]


def test_a_resolved_alert_says_how_long_it_lasted() -> None:
    over = alert(state=AlertState.RESOLVED, resolved_at=NOW + timedelta(hours=2, minutes=3))
    assert (
        explanation(over)[-1]
        == "The first breach was at 2026-03-02 14:05 UTC; it was back to normal by 2026-03-02 16:08 UTC, after 2 h 3 min."
    )


def test_a_pending_alert_says_that_it_waits() -> None:
    assert "not lasted long enough" in explanation(alert(state=AlertState.PENDING, fired_at=None))[-1]


def test_a_source_that_fell_silent_has_its_own_wording() -> None:
    silent = {"topic": "Source: wire", "kind": SeriesKind.SOURCE, "test": "no data", "expected": 120.0, "expected_low": 90.0}
    sentences = explanation(alert(observed=0, expected_high=150.0, **silent))
    assert sentences[0] == (
        "No documents arrived in the 60 minutes 2026-03-02 13:05 to 14:05 UTC, 120 expected; 90% of such windows have 90 to 150."
    )
    assert not any("negative" in sentence for sentence in sentences)
    assert explanation(alert(observed=1, **silent))[0].startswith("1 document arrived")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"test": "burn"},
        {"test": "something newer"},
        {"expected": 0.0, "expected_high": 0.0},
        {"p_value": 1.0},
        {"p_value": 0.0},
        {"observed": 1},
    ],
)
def test_every_alert_has_three_to_six_sentences(changes: dict[str, Any]) -> None:
    sentences = explanation(alert(**changes))
    assert 3 <= len(sentences) <= 6
    assert all(sentence[0].isupper() or sentence[0].isdigit() for sentence in sentences)
    assert all(sentence.endswith(".") for sentence in sentences)


def test_numbers_times_and_chances_are_short() -> None:
    assert [number(value) for value in (0.0, 0.003, 0.25, 9.96, 12.4, 1234.5)] == ["0", "3.0e-03", "0.25", "10", "12", "1,234"]
    assert (chance(0.5), chance(1e-300)) == ("not unusual", "practically impossible by chance")
    assert window(alert(window_start=NOW - timedelta(days=1))) == "2026-03-01 14:05 UTC to 2026-03-02 14:05 UTC"
    assert duration(NOW, NOW + timedelta(minutes=59)) == "59 min"
