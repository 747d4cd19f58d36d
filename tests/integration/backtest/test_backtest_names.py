"""A backtest names whom a crisis is about: real checkpoint, real linker, real store."""

import logging
import threading
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from squall.backtest.history.backtest import Request, run_backtest
from squall.core.clock import ManualClock
from squall.core.config.settings import Settings
from squall.ingest.file.source import FileOptions
from squall.model.serving.engine import ScoringEngine

pytestmark = pytest.mark.slow

FIRST = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 16
BREAKS = FIRST + timedelta(days=14, hours=9)
CRISIS = (
    "Volkswagen admits cheating on emissions tests, U.S. orders recall of 500,000 cars",
    "Volkswagen shares plunge 20 percent as emissions fraud widens",
    "Prosecutors raid Volkswagen headquarters over fraud in diesel tests",
    "Volkswagen chief executive quits at once over emissions scandal",
)
SUBJECTS = (
    "Volkswagen",
    "Toyota",
    "Siemens",
    "Nestle",
    "Apple Inc",
    "Ford Motor",
    "Germany",
    "France",
    "BP",
    "HSBC",
    "Microsoft",
    "Exxon Mobil",
)
CALM = (
    "{name} to present at {place} conference on day {day}",
    "{name} names new head of marketing in {place}, week {day}",
    "{name} opens office number {day} in {place}",
    "{name} publishes agenda of meeting {day} in {place}",
)
PLACES = ("Oslo", "Madrid", "Chicago", "Osaka", "Lyon")


def rows(crisis=True):
    """Return headlines of a calm fortnight and, on its last day, a crisis at one company."""
    found = []
    for day in range(DAYS):
        for number, name in enumerate(SUBJECTS):
            text = CALM[(day + number) % len(CALM)].format(name=name, place=PLACES[(3 * day + number) % len(PLACES)], day=day + 1)
            found.append((FIRST + timedelta(days=day, minutes=97 * number), text))
    if crisis:
        found += [(BREAKS + timedelta(minutes=25 * number), text) for number, text in enumerate(CRISIS)]
    return [{"title": text, "published_at": at.isoformat()} for at, text in sorted(found)]


@pytest.fixture(scope="module")
def engine():
    with ScoringEngine.open(Settings().model) as opened:
        yield opened


@pytest.fixture
def backtest(tmp_path, engine):
    def run(found, *, names_per_day=3.0, entities=None, **changes):
        path = tmp_path / "news.jsonl"
        path.write_bytes(b"\n".join(map(orjson.dumps, found)) + b"\n")
        (tmp_path / "weights").mkdir(exist_ok=True)
        request = Request(path, FileOptions(), tmp_path / "cache", tmp_path / "weights", workers=0, **changes)
        settings = Settings(detector={"step_minutes": 10, "names_per_day": names_per_day}, entities={"path": entities})
        clock = ManualClock(datetime(2026, 4, 1, tzinfo=UTC))
        return run_backtest(request, settings, clock, threading.Event(), lambda: nullcontext(engine), lambda _what, _fraction: None)

    return run


def test_the_company_of_a_crisis_is_named_within_the_hour_and_nobody_else(backtest):
    facts = backtest(rows()).as_dict()
    [alert] = [alert for alert in facts["alerts"] if alert["kind"] == "entity"]
    assert alert["subject"] == "Volkswagen"
    assert {"VW", "VOW3.DE"} & set(alert["names"])
    assert BREAKS <= datetime.fromisoformat(alert["fired_at"]) <= BREAKS + timedelta(hours=1)
    assert alert["documents"]
    assert {document["title"] for document in alert["documents"]} <= set(CRISIS)


def test_calm_days_name_nobody_and_a_budget_of_nothing_neither(backtest):
    assert backtest(rows(crisis=False)).alerts == []
    assert [alert for alert in backtest(rows(), names_per_day=0).alerts if alert.kind == "entity"] == []


def test_what_was_scored_before_is_not_scored_again_and_gives_the_same_alerts(backtest):
    first, again = backtest(rows()).as_dict(), backtest(rows()).as_dict()
    assert (first["scored"], again["scored"]) == (len(rows()), 0)
    assert again["alerts"] == first["alerts"]


def test_scores_with_names_of_another_catalogue_are_made_again(backtest, tmp_path, caplog):
    backtest(rows())
    own = tmp_path / "own.csv"
    own.write_text("id,kind,name,aliases\ncompany:meeting-office,company,Meeting Office,\n")
    with caplog.at_level(logging.WARNING, "squall.backtest"):
        assert backtest(rows(), entities=own).as_dict()["scored"] == len(rows())
    assert "names were read with another catalogue: scoring everything again" in caplog.text
