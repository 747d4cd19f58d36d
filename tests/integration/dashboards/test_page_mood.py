from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from squall.core.records import AlertState, SeriesKind
from squall.storage.rows.detector import SeriesReading

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)


def get(url: str, path: str, **query: Any) -> dict[str, Any]:
    answer = httpx.get(url + path, params=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def reading(series: str, kind: SeriesKind, time: datetime, observed: int = 5) -> SeriesReading:
    return SeriesReading(series, kind, time, 60, observed, 9, 2.5, 1.0, 6.0, 0.3, 0.2)


def test_an_empty_store_has_an_empty_mood_and_an_empty_chart(world: Any) -> None:
    with world.serving() as url:
        mood = get(url, "/api/mood")
        assert (mood["start"], mood["end"], mood["topics"], mood["times"], mood["net"]) == (None, None, [], [], [])
        chart = get(url, "/api/chart", series="All topics")
        assert (chart["kind"], chart["points"]["time"], chart["counts"]["time"], chart["alerts"]) == ("market", [], [], [])
        assert httpx.get(url + "/api/chart", params={"series": "Markets"}).status_code == 404
        assert [row["name"] for row in get(url, "/api/filters")["series"]] == ["All topics"]


def test_the_mood_is_a_grid_of_topics_by_time_largest_topic_first(world: Any, scored: Any) -> None:
    world.insert(
        scored("Bank fails"),
        scored("Bank fails", age=timedelta(minutes=1)),  # a copy: counted once
        scored("Bank rises", "positive"),
        scored("Shares rise", "positive", age=2 * HOUR),
        scored("Oil falls", topic="Energy | Oil", age=3 * HOUR),
        scored("Too old", topic="Energy | Oil", age=30 * HOUR),
    )
    with world.serving() as url:
        mood = get(url, "/api/mood", hours=24)
    assert (mood["topics"], mood["step_seconds"], len(mood["times"])) == (["Markets", "Energy | Oil"], 900, 96)
    assert (mood["start"], mood["times"][0], mood["times"][-1]) == ("2026-03-01T14:15:00Z", mood["start"], "2026-03-02T14:00:00Z")
    assert mood["end"] == "2026-03-02T14:05:00.001000Z"
    assert {len(line) for name in ("negative", "total", "net") for line in mood[name]} == {96}
    markets, oil = (dict(zip(mood["times"], line, strict=True)) for line in mood["net"])
    assert (markets["2026-03-02T14:00:00Z"], markets["2026-03-02T12:00:00Z"], markets["2026-03-02T13:00:00Z"]) == (0.0, 1.0, None)
    assert oil["2026-03-02T11:00:00Z"] == -1.0
    assert (sum(mood["total"][0]), sum(mood["negative"][0]), sum(mood["total"][1])) == (3, 1, 1)


@pytest.mark.parametrize("hours", [1, 2, 3, 5, 6, 12, 24, 48, 100, 168, 743, 744])
def test_any_span_has_a_readable_number_of_buckets_and_holds_the_newest_document(world: Any, scored: Any, hours: int) -> None:
    world.insert(scored("Bank fails"), scored("First", age=hours * HOUR - timedelta(minutes=6)))
    with world.serving() as url:
        mood = get(url, "/api/mood", hours=hours)
    times = [datetime.fromisoformat(time) for time in mood["times"]]
    assert 45 <= len(times) <= 96
    assert {(b - a).total_seconds() for a, b in pairwise(times)} == {mood["step_seconds"]}
    assert times[-1] < datetime.fromisoformat(mood["end"]) <= times[-1] + timedelta(seconds=mood["step_seconds"])
    assert mood["total"][0][-1] == 1
    assert sum(mood["total"][0]) == 2 or mood["step_seconds"] > 360


@pytest.mark.parametrize("query", ["hours=0", "hours=745", "hours=x"])
def test_spans_that_make_no_sense_are_refused(world: Any, query: str) -> None:
    with world.serving() as url:
        assert httpx.get(f"{url}/api/mood?{query}").status_code == 422
        assert httpx.get(f"{url}/api/chart?series=Markets&{query}").status_code == 422
        assert httpx.get(f"{url}/api/chart?hours=1").status_code == 422


@pytest.mark.parametrize(
    ("series", "kind", "counted"),
    [("Markets", "topic", 2), ("All topics", "market", 3), ("$XYZ", "symbol", 1), ("Sector: Banks", "sector", 0)],
)
def test_a_chart_counts_a_series_and_shows_what_was_expected(world: Any, scored: Any, series: str, kind: str, counted: int) -> None:
    world.insert(scored("One"), scored("Two", "positive", symbols=("ABC", "XYZ")), scored("Three", topic="Earnings", age=HOUR))
    times = [datetime.fromisoformat(f"2026-03-{time}:00Z") for time in ("01T14:10", "02T12:05", "02T14:00", "02T14:10")]
    world.store.detector.write_readings([reading(series, SeriesKind(kind), time) for time in times])
    with world.serving() as url:
        chart = get(url, "/api/chart", series=series, hours=24)
    assert (chart["series"], chart["kind"], chart["window_minutes"], chart["alerts"]) == (series, kind, 60, [])
    assert chart["points"]["observed"] == [5, 5]
    assert (chart["points"]["expected"], chart["points"]["low"], chart["points"]["high"]) == ([2.5] * 2, [1.0] * 2, [6.0] * 2)
    assert chart["points"]["time"] == ["2026-03-02T12:05:00Z", "2026-03-02T14:00:00Z"]
    assert sum(chart["counts"]["total"]) == counted
    assert {len(chart["counts"][name]) for name in ("time", "negative", "total")} == {96 if counted else 0}


def test_a_chart_over_a_month_has_no_more_points_than_a_screen_shows(world: Any, scored: Any) -> None:
    world.insert(scored("Bank fails"))
    start = datetime.fromisoformat("2026-02-01T00:00:00Z")
    rows = [reading("Markets", SeriesKind.TOPIC, start + timedelta(minutes=5 * place)) for place in range(30 * 288)]
    world.store.detector.write_readings(rows)
    with world.serving() as url:
        assert 1000 < len(get(url, "/api/chart", series="Markets", hours=744)["points"]["time"]) <= 2000
        assert len(get(url, "/api/chart", series="Markets", hours=24)["points"]["time"]) == 287


def test_a_chart_shows_the_alerts_of_its_series_in_its_span(world: Any, scored: Any, alert: Any) -> None:
    world.insert(scored("Bank fails"))
    old = {"opened_at": world.clock.now() - timedelta(days=9), "resolved_at": world.clock.now() - timedelta(days=8)}
    other = alert(3, AlertState.FIRING).model_copy(update={"topic": "Earnings"})
    world.store.alerts.write([alert(1, AlertState.FIRING), alert(2, AlertState.RESOLVED).model_copy(update=old), other])
    with world.serving() as url:
        (found,) = get(url, "/api/chart", series="Markets")["alerts"]
        assert (found["id"], found["acknowledged"], found["silenced_until"]) == (f"{1:032x}", None, None)


def test_an_unknown_series_is_refused_with_what_there_is(world: Any, scored: Any) -> None:
    world.insert(scored("Bank fails", age=2 * HOUR), scored("Oil", topic="Energy | Oil"))
    with world.serving() as url:
        answer = httpx.get(url + "/api/chart", params={"series": "Marketz"})
        assert get(url, "/api/chart", series="Markets", hours=1)["counts"]["total"] == [0] * 60
    assert answer.status_code == 404
    assert "'All topics'" in answer.json()["detail"]


def test_filters_name_what_occurs_most_frequent_first(world: Any, scored: Any) -> None:
    world.insert(
        scored("One", symbols=("ABC", "XYZ"), language="en"),
        scored("Two", symbols=("XYZ",), language="en"),
        scored("Three", topic="Earnings", symbols=(), source="other", language="de"),
        scored("Too old", topic="Old", source="gone", age=timedelta(days=8)),
    )
    at = datetime.fromisoformat("2026-03-02T14:00:00Z")
    world.store.detector.write_readings([reading("Sector: Banks", SeriesKind.SECTOR, at), reading("$XYZ", SeriesKind.SYMBOL, at)])
    with world.serving() as url:
        found = get(url, "/api/filters")
    assert found | {"series": []} == {
        "topics": ["Markets", "Earnings"],
        "sources": ["wire", "other"],
        "symbols": ["XYZ", "ABC"],
        "languages": ["en", "de"],
        "events": [],
        "series": [],
    }
    kinds = {row["name"]: row["kind"] for row in found["series"]}
    assert kinds == {
        "All topics": "market", "Markets": "topic", "Earnings": "topic", "Sector: Banks": "sector", "$XYZ": "symbol", "$ABC": "symbol"
    }  # fmt: skip
    assert [row["name"] for row in found["series"]][:2] == ["All topics", "Markets"]
