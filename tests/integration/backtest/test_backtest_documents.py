"""`run_backtest` over real files and the embedded store; the scorer goes by words, so that moods are known."""

import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import orjson
import pytest

from squall import storage
from squall.backtest.history.backtest import Request, run_backtest
from squall.backtest.history.event_matching import fired_alerts
from squall.backtest.history.report import write_report
from squall.backtest.history.result_storage import store_result
from squall.core.clock import ManualClock
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.records import TOPICS
from squall.ingest.file.source import FileOptions
from tests.support.doubles import FixedReading

pytestmark = pytest.mark.slow

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
CRISIS = MIDNIGHT + timedelta(days=2, hours=14)
JUDGE = Path(__file__).parents[4] / "shared" / "crises" / "score.py"


class WordScorer:
    """`Bad` is negative, the first word after it a topic's."""

    languages = ("*",)

    def __init__(self, version="words-1"):
        self.model_version = version
        self.scored = 0

    def read(self, texts, **wanted):
        self.scored += len(texts)
        topic = np.full((len(texts), len(TOPICS)), 0.01, dtype=np.float32)
        sentiment = np.full((len(texts), 3), 0.1, dtype=np.float32)
        for row, text in enumerate(texts):
            topic[row, TOPICS.index("Macro" if "Macro" in text else "Markets")] = 0.8
            sentiment[row, 0 if text.startswith("Bad") else 1] = 0.8
        return FixedReading(topic, sentiment, self.model_version)


def lines(days=3, crisis=True, seed=5):
    """Return rows of a calm history, 3 negative and 12 other documents an hour in two topics, and two hours of crisis in Markets."""
    rng = np.random.default_rng(seed)
    drafts = []
    for topic in ("Markets", "Macro"):
        for mood, rate in (("Bad", 3.0), ("Plain", 12.0)):
            drafts += [(float(s), mood, topic) for s in rng.uniform(0, days * 86_400, rng.poisson(rate * 24 * days))]
    if crisis:
        drafts += [((CRISIS - MIDNIGHT).total_seconds() + float(s), "Bad", "Markets") for s in rng.uniform(0, 7200, 70)]
    return [
        {"title": f"{mood} story {number} of {topic}", "published_at": (MIDNIGHT + timedelta(seconds=second)).isoformat()}
        for number, (second, mood, topic) in enumerate(sorted(drafts))
    ]


def write(path, rows):
    path.write_bytes(b"\n".join(row if isinstance(row, bytes) else orjson.dumps(row) for row in rows) + b"\n")
    return path


class Bench:
    """Runs backtests of one folder, one after another."""

    def __init__(self, tmp_path):
        self.folder = tmp_path
        self.scorer = WordScorer()
        self.opened = 0

    @contextmanager
    def open(self):
        self.opened += 1
        yield self.scorer

    def run(self, path, **changes):
        request = Request(path, FileOptions(), self.folder / "cache", self.folder / self.scorer.model_version, workers=0, **changes)
        clock = ManualClock(datetime(2026, 4, 1, tzinfo=UTC))
        limits = {"step_minutes": 10, "for_minutes": 10, "history_days": 3}
        return run_backtest(request, Settings(detector=limits), clock, threading.Event(), self.open, lambda _what, _fraction: None)


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def events(tmp_path, text):
    path = tmp_path / "events.csv"
    path.write_text("start,end,name,topics\n" + text)
    return path


def test_the_crisis_is_found_reported_and_scored_once(tmp_path, bench):
    path = write(tmp_path / "news.jsonl", [*lines(), b"{broken", {"title": "no time"}])
    known = events(
        tmp_path,
        "2026-03-04T14:00Z,2026-03-04T20:00Z,crash,Markets\n2026-03-04T02:00Z,2026-03-04T03:00Z,nothing,\n2027-01-01,2027-01-02,later,\n",
    )
    first = bench.run(path, events=known, start=MIDNIGHT + timedelta(days=1, hours=6), sweep=("min_documents=8,5000",))
    facts = first.as_dict()
    assert [event["name"] for event in facts["matched_events"]] == ["crash"]
    assert [event["name"] for event in facts["missed_events"]] == ["nothing"]
    assert facts["events_outside"] == ["later"]
    assert 0 < facts["median_delay_minutes"] <= 90
    assert facts["false_alarms"] == 0
    assert facts["topic_days"] > 3
    assert (facts["scored"], facts["dead_lettered"]) == (len(lines()), 2)
    assert facts["sweep"][0]["matched_events"] == facts["matched_events"]
    assert all(document.title.startswith("Bad") for document in first.documents_of[facts["alerts"][0]["id"]])
    assert "Markets" in {alert["subject"] for alert in facts["alerts"]} <= {"Markets", "All topics"}
    for alert in facts["alerts"]:
        assert (alert["names"], len(alert["documents"])) == ([], 5)
        assert all(row["title"].startswith("Bad") and row["published_at"] <= alert["fired_at"] for row in alert["documents"])

    again = bench.run(path, events=known, start=MIDNIGHT + timedelta(days=1, hours=6)).as_dict()
    assert bench.opened == 1
    assert again["scored"] == 0
    assert again["dead_lettered"] == 2
    assert again["alerts"] == facts["alerts"]

    written = {file.name: file.read_text() for file in write_report(first, tmp_path / "out")}
    page = written["report.html"]
    assert page.count("<svg") == 4
    assert "http-equiv" not in page
    assert "<script" not in page
    assert "crash" in page
    assert orjson.loads(written["report.json"]) == orjson.loads(orjson.dumps(facts))
    assert written["alerts.csv"].splitlines()[1].endswith((",crash,Markets", ",crash,All topics"))


@pytest.mark.skipif(not JUDGE.exists(), reason="needs ../shared/crises")
def test_the_judge_of_real_crises_reads_the_report_as_it_is(tmp_path, bench):
    """Its own events file too, which has other columns; an event must lie ten days after the beginning."""
    crash = MIDNIGHT + timedelta(days=11)
    rows = lines(days=11, crisis=False) + [
        {"title": f"Bad story {n} of Markets at Harbor Union", "published_at": (crash + timedelta(minutes=n)).isoformat()}
        for n in range(70)
    ]
    path = write(tmp_path / "news.jsonl", rows)
    known = tmp_path / "judged.csv"
    known.write_text(
        "id,name,kind,entity,aliases,ticker,topics,start,end,about,n6h\n"
        f"1,crash,company,Harbor Union,,,,{crash:%Y-%m-%dT%H:%MZ},{crash + timedelta(days=1):%Y-%m-%dT%H:%MZ},harbor union,70\n"
        f"2,slump,market,Markets,,,Markets,{crash:%Y-%m-%dT%H:%MZ},{crash + timedelta(days=1):%Y-%m-%dT%H:%MZ},,70\n"
    )
    result = bench.run(path, events=known)
    assert [event["name"] for event in result.as_dict()["matched_events"]] == ["crash", "slump"]
    write_report(result, tmp_path / "out")
    command = [sys.executable, str(JUDGE), str(tmp_path / "out" / "report.json"), str(known)]
    said = orjson.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert (said["events"], said["company_within_24h"], said["market_within_24h"], said["missed"]) == (2, 1.0, 1.0, [])
    assert said["alerts"] == len(result.alerts)


def test_old_scores_are_used_as_of_their_model_and_nothing_is_scored(tmp_path, bench):
    path = write(tmp_path / "news.jsonl", lines())
    before = bench.run(path).as_dict()
    bench.scorer = WordScorer("words-2")
    assert bench.run(path).as_dict()["scored"] == len(lines())
    opened = bench.opened
    as_of = bench.run(path, as_of="words-1").as_dict()
    assert bench.opened == opened
    assert as_of["scored"] == 0
    assert as_of["model_version"] == "words-1"
    assert as_of["alerts"] == before["alerts"]
    with pytest.raises(ConfigurationError, match=r"words-[12], words-[12]"):
        bench.run(path, as_of="words-9")


def test_a_file_that_comes_is_scored_alone_and_one_that_changes_anew(tmp_path, bench):
    folder = tmp_path / "history"
    folder.mkdir()
    rows = lines()
    half = len(rows) // 2
    write(folder / "a.jsonl", rows[:half])
    assert bench.run(folder).as_dict()["scored"] == half
    write(folder / "b.jsonl", rows[half:])
    assert bench.run(folder).as_dict()["scored"] == len(rows) - half
    write(folder / "b.jsonl", rows[half:-10])
    changed = bench.run(folder).as_dict()
    assert changed["scored"] == changed["documents"] == len(rows) - 10


def test_alerts_up_to_a_moment_are_the_same_without_the_documents_after_it(tmp_path, bench):
    moment = CRISIS + timedelta(hours=1)
    rows = lines()
    known = [row for row in rows if datetime.fromisoformat(row["published_at"]) < moment]
    whole = bench.run(write(tmp_path / "all.jsonl", rows), start=MIDNIGHT + timedelta(days=2), end=moment)
    part = bench.run(write(tmp_path / "known.jsonl", known), start=MIDNIGHT + timedelta(days=2), end=moment)
    assert whole.as_dict()["alerts"] == part.as_dict()["alerts"] != []


def test_bad_input_is_an_error_that_says_what_to_do(tmp_path, bench):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match="holds no data files"):
        bench.run(tmp_path / "empty")
    with pytest.raises(ConfigurationError, match="does not exist"):
        bench.run(tmp_path / "nothing")
    path = write(tmp_path / "news.jsonl", lines(days=1, crisis=False))
    with pytest.raises(ConfigurationError, match="has not been scored by any model"):
        bench.run(path, as_of="words-1")
    with pytest.raises(ConfigurationError, match="between --from and --to"):
        bench.run(path, start=MIDNIGHT + timedelta(days=400))
    bad = write(tmp_path / "bad.jsonl", [{"title": "one", "published_at": "never"}, {"title": "two", "published_at": ""}])
    with pytest.raises(ConfigurationError, match="2 rows were rejected"):
        bench.run(bad)


def test_fired_alerts_of_no_transitions_are_none():
    assert fired_alerts([], "test") == []


def test_a_kept_run_can_be_read_from_the_store_as_it_was_reported(tmp_path):
    path = write(tmp_path / "news.jsonl", lines())
    events = tmp_path / "events.csv"
    events.write_text(f"start,end,name,topics\n{CRISIS.isoformat()},{(CRISIS + timedelta(hours=4)).isoformat()},The crash,Markets\n")
    result = Bench(tmp_path).run(path, events=events)
    at = datetime(2026, 4, 1, tzinfo=UTC)
    with closing(storage.open(f"chdb://{tmp_path}/main?max_threads=1")) as store:
        store.schema.migrate()
        identity = store_result(result, "spring", at, store)
        assert store_result(result, "spring", at, store) == identity
        [head] = list(store.read("SELECT id, name, alerts, matched_events, false_alarms, documents FROM backtests FINAL"))
        facts = result.as_dict()
        assert head == (identity, "spring", len(result.alerts), 1, facts["false_alarms"], facts["documents"])
        kept = list(store.read("SELECT id, events FROM backtest_alerts FINAL ORDER BY id"))
        assert kept == sorted((alert["id"], alert["events"]) for alert in facts["alerts"])
        [series] = list(store.read("SELECT sum(observed), max(expected) FROM backtest_readings FINAL WHERE series = 'Markets'"))
        assert series[0] > 70
        assert series[1] > 0
