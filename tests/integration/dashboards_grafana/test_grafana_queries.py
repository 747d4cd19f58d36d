"""Every query of the dashboards on the real engine, over ten days of data."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import chdb
import pytest

from squall.dashboards.grafana.build import build_all
from squall.dashboards.grafana.check import QueryRun, run_queries
from squall.dashboards.grafana.clickhouse_macros import expand, interval_seconds
from squall.dashboards.grafana.variable_formats import Selection
from squall.storage import Store
from squall.storage.panels import panel_sql
from tests.support.dashboard_store import BURST, ENTITIES, FOREIGN, HOSTILE_TITLES, RUN_ID, SOURCES, open_filled

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHORT = (NOW - 6 * HOUR, NOW)
LONG = (NOW.replace(minute=0) - 10 * DAY, NOW)
RANGES = pytest.mark.parametrize("span", [SHORT, LONG], ids=["6 hours", "10 days"])
ALL = Selection((), multi=True, is_all=True)
EVERYTHING = dict.fromkeys(("topic", "source", "symbol", "language", "severity", "kind", "worker"), ALL)
HOSTILE = ("\\' OR 1 = 1) -- ", "'; DROP TABLE documents; --", "\\", '"', "a,b&var-topic=c%27+d", "}}{{ ${x} [[y]]", "\u2028é", "")
BOARDS = build_all()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_filled(tmp_path_factory.mktemp("grafana"), NOW)
    yield opened
    opened.close()


def boards() -> list[dict[str, Any]]:
    return [json.loads(text) for text in BOARDS.values()]


def rows(store: Store, name: str, span: tuple[datetime, datetime] = SHORT, **chosen: Selection) -> list[dict[str, Any]]:
    """Run one query and return its rows by column."""
    sql = expand(panel_sql(name), start=span[0], end=span[1], interval=interval_seconds(*span), variables=EVERYTHING | chosen)
    names = columns(store, sql)
    return [dict(zip(names, row, strict=True)) for row in store.read(sql)]


def columns(store: Store, sql: str) -> list[str]:
    return list(store.read(f"DESCRIBE ({sql})").columns[0])


def one(value: str) -> Selection:
    return Selection((value,))


def several(*values: str) -> Selection:
    return Selection(values, multi=True)


@RANGES
def test_every_query_answers_with_rows(store: Store, span: tuple[datetime, datetime]) -> None:
    runs = run_queries(store, BOARDS, *span, NOW)
    assert len(runs) > 60
    assert [(run.name, run.error) for run in runs if run.error] == []
    assert [(run.dashboard, run.name) for run in runs if not run.rows] == []


def test_dashboards_answer_over_the_ranges_they_open_with(store: Store) -> None:
    runs = run_queries(store, BOARDS, None, None, NOW)
    assert [(run.name, run.error) for run in runs if run.error or not run.rows] == []


@RANGES
def test_every_query_answers_when_one_of_everything_is_chosen(store: Store, span: tuple[datetime, datetime]) -> None:
    chosen = {
        "topic": several(BURST), "source": several("Reuters", SOURCES[3]), "symbol": one("XOM"), "language": several("en"),
        "series": one("$XOM"), "severity": several("critical"), "kind": several("topic", "market"), "worker": several("worker 'two'"),
    }  # fmt: skip
    runs = run_queries(store, without("squall-backtest"), *span, NOW, selected=chosen)
    assert [(run.name, run.error) for run in runs if run.error] == []
    # That worker has no Kafka and no GPU, and three or ten documents of all these choices seldom fall together: it depends on the hour.
    assert {run.name for run in runs if not run.rows} <= {
        'panel 5 "Kafka lag" A',
        'panel 8 "GPU memory" A',
        'panel 3 "Negative share by topic" A',
        'panel 7 "Largest changes in 24 hours" A',
    }


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_chooses_nothing_and_breaks_nothing(store: Store, value: str) -> None:
    names = ("topic", "source", "language", "severity", "kind", "worker")
    chosen = {name: several(value, "no such") for name in names} | {
        name: one(value or "no such") for name in ("symbol", "series", "run", "entity")
    }
    runs = run_queries(store, BOARDS, *LONG, NOW, selected=chosen)
    assert [(run.name, run.error) for run in runs if run.error] == []
    unfiltered = {run.name for run in run_queries(store, BOARDS, *LONG, NOW) if run.rows}
    charts = [run for run in runs if run.dashboard == "squall-mood" and run.name in unfiltered and "panel 4" in run.name]
    assert [run.rows for run in charts] == [0]
    assert len(store.read("SELECT 1 FROM documents LIMIT 1")) == 1


def test_values_pass_through_a_query_unchanged(store: Store) -> None:
    values = [value for value in (*HOSTILE, *SOURCES) if "$__" not in value]
    text = (
        "SELECT arrayMap(pair -> decodeURLFormComponent(substring(pair, position(pair, '=') + 1)), splitByChar('&', '${topic:queryparam}'))"
    )
    sql = expand(text, start=NOW, end=NOW, interval=1, variables={"topic": several(*values)})
    assert next(iter(store.read(sql)))[0] == values
    for value in values:
        sql = expand("SELECT decodeURLComponent('${topic:percentencode}')", start=NOW, end=NOW, interval=1, variables={"topic": one(value)})
        assert next(iter(store.read(sql)))[0] == value


def test_a_reader_without_the_right_to_write_can_run_everything(store: Store) -> None:
    folder = store._backend.label.removeprefix("chdb://")  # type: ignore[attr-defined]
    reader = chdb.connect(folder)
    try:
        reader.query("SET readonly = 1")
        with pytest.raises(RuntimeError, match="readonly"):
            reader.query("INSERT INTO leases VALUES ('a', 'b', now(), 1)")
        for run in run_queries(store, BOARDS, *LONG, NOW):
            reader.query(run.sql)
    finally:
        reader.close()


@RANGES
def test_no_number_is_out_of_its_bounds(store: Store, span: tuple[datetime, datetime]) -> None:
    for run in run_queries(store, BOARDS, *span, NOW):
        for row in answered(store, run):
            for name, value in row.items():
                assert not (isinstance(value, float) and not math.isfinite(value)), (run.name, name)
                if value is not None and (name.endswith("share") or name in {"novelty", "p_negative", "busy", "recall", "p_value"}):
                    assert 0 <= value <= 1, (run.name, name)
                if name in {"net", "net_sentiment", "change", "score"} and value is not None:
                    assert -1 <= value <= 1, (run.name, name)
                if name in {"documents", "alerts", "memory", "waiting", "time_to_detect", "p50", "p99"} and value is not None:
                    assert value >= 0, (run.name, name)


def test_what_panels_style_is_what_their_queries_answer_with(store: Store) -> None:
    runs = {(run.dashboard, run.name): run for run in run_queries(store, BOARDS, *LONG, NOW)}
    for board in boards():
        for panel in board["panels"]:
            asked = [runs[board["uid"], f'panel {panel["id"]} "{panel["title"]}" {target["refId"]}'] for target in panel["targets"]]
            known = {name for run in asked for name in columns(store, run.sql)}
            labels = {str(value) for run in asked for row in answered(store, run) for value in row.values() if isinstance(value, str)}
            rules = [(rule["matcher"]["id"], rule["matcher"]["options"]) for rule in panel["fieldConfig"]["overrides"]]
            styled = {name for matcher, name in rules if matcher == "byName"}
            assert styled <= known, (panel["title"], styled - known)
            if panel["type"] in {"table", "stat"}:
                assert known <= styled, (panel["title"], known - styled)
            for pattern in (name for matcher, name in rules if matcher == "byRegexp"):
                assert any(re.search(pattern.strip("/"), f"value {label}") for label in labels), (panel["title"], pattern)


def test_charts_have_increasing_times_and_labels_that_exist(store: Store) -> None:
    for board in boards():
        for panel in board["panels"]:
            for target in panel["targets"]:
                if target["format"] != 0:
                    continue
                values = EVERYTHING | {"series": one(BURST), "run": one(RUN_ID), "topic": one(BURST), "entity": one(ENTITIES[0][0])}
                sql = expand(target["rawSql"], start=LONG[0], end=LONG[1], interval=900, variables=values)
                names = columns(store, sql)
                assert names[0] == "time", panel["title"]
                times = [moment(time) for time in store.read(sql).columns[0]]
                assert times == sorted(times)
                # a bucket holds the start of the range; the longest are the heatmap's, of five hours
                assert not times or LONG[0] - 5 * HOUR < times[0] <= times[-1] <= LONG[1]
                label = panel["fieldConfig"]["defaults"].get("displayName", "")
                if "labels." in label:
                    assert label.split("labels.")[1].rstrip("}") in names


def test_marks_have_the_columns_grafana_looks_for(store: Store) -> None:
    for run in run_queries(store, BOARDS, *LONG, NOW):
        if run.name.startswith("annotation"):
            assert columns(store, run.sql) == ["time", "timeEnd", "text", "tags"]
            assert all(row["timeEnd"] is None or row["time"] <= row["timeEnd"] for row in answered(store, run))


@RANGES
def test_documents_are_counted_once_however_often_they_were_delivered(store: Store, span: tuple[datetime, datetime]) -> None:
    counts = store.counts.per_minute(span[0], span[1] + timedelta(minutes=1))
    negative, everything = int(counts.negative.sum()), int(counts.negative.sum() + counts.neutral.sum() + counts.positive.sum())
    totals = rows(store, "mood/totals", span)[0]
    assert totals["documents"] == everything
    assert totals["negative_share"] == pytest.approx(negative / everything)
    assert totals["copies"] == count(store, span, copies=True) - everything
    assert sum(row["negative"] for row in rows(store, "mood/negative_count", span)) == negative
    assert sum(row["documents"] for row in rows(store, "mood/news_social_count", span)) == everything
    assert sum(row["documents"] for row in rows(store, "drilldown/sources", span, series=one("All topics"))) == everything
    assert sum(row["first_stories"] for row in rows(store, "drilldown/novelty", span, series=one("All topics"))) == everything


@RANGES
def test_documents_that_are_not_scored_are_counted_by_language_until_they_are(store: Store, span: tuple[datetime, datetime]) -> None:
    found = rows(store, "mood/unscored", span)
    by_language = {name: sum(row["documents"] for row in found if row["name"] == name) for name in {row["name"] for row in found}}
    assert by_language == Counter(FOREIGN[1:])
    assert rows(store, "mood/unscored", span, source=several("no such")) == []


def count(store: Store, span: tuple[datetime, datetime], **options: bool) -> int:
    found = store.counts.per_minute(span[0], span[1] + timedelta(minutes=1), **options)
    return int(found.negative.sum() + found.neutral.sum() + found.positive.sum())


def test_the_drill_down_counts_a_topic_and_a_symbol_as_the_detector_does(store: Store) -> None:
    span = (LONG[0], LONG[1] + timedelta(minutes=1))
    for series, by, name in ((BURST, "topic", BURST), ("$XOM", "symbol", "XOM")):
        counts = store.counts.per_minute(*span, by=by, names=[name])  # type: ignore[arg-type]
        volume = rows(store, "drilldown/volume", LONG, series=one(series))
        for sentiment in ("negative", "neutral", "positive"):
            assert sum(row[sentiment] for row in volume) == int(getattr(counts, sentiment).sum())


def test_a_company_is_counted_as_the_store_counts_it_with_or_without_a_ticker(store: Store) -> None:
    end = LONG[1] + timedelta(minutes=1)
    for entity, name, _ in ENTITIES:
        wanted = store.entities.top(LONG[0], end, entities=[entity])[0]
        totals = rows(store, "entity/totals", LONG, entity=one(entity))[0]
        assert (totals["documents"], totals["negative_share"]) == (wanted.documents, pytest.approx(wanted.negative_share))
        listed = {row["entity"]: row for row in rows(store, "entity/most_negative", LONG)}[entity]
        assert (listed["name"], listed["documents"], listed["negative"]) == (name, wanted.documents, wanted.negative)
        volume = rows(store, "entity/volume", LONG, entity=one(entity))
        assert sum(row["negative"] + row["neutral"] + row["positive"] for row in volume) == wanted.documents
        shown = rows(store, "entity/documents", LONG, entity=one(entity))
        newest = store.mentions.documents(entity, LONG[0], end, limit=100)
        assert [row["time"].astimezone(UTC) for row in shown] == [row.document.published_at for row in newest]
        assert [row["sentiment"] for row in shown] == [row.mention.sentiment.value for row in newest]
    options = {row["entity"]: row["shown"] for row in rows(store, "variables/entity", LONG)}
    assert options["found:alpenbank"] == "Alpenbank"
    assert options["company:apple-inc"] == "Apple (AAPL, AAPL.O)"


def test_what_is_usual_for_a_company_is_known_after_a_week(store: Store) -> None:
    band = rows(store, "entity/band", LONG, entity=one(ENTITIES[0][0]))
    assert [moment(row["time"]) for row in band] == [LONG[0] + hour * HOUR for hour in range(241)]
    known = [row for row in band if row["expected"] is not None]
    assert 2 * 24 <= len(known) <= 4 * 24
    assert all(row["expected"] is None for row in band[: 6 * 24])
    assert all(0 <= row["low"] <= row["high"] for row in known)
    counted = store.entities.series(ENTITIES[0][0], LONG[0], LONG[1], step=HOUR)
    assert sum(row["observed"] for row in band[:-1]) == sum(row.negative for row in counted)


def test_filters_leave_only_what_was_chosen(store: Store) -> None:
    assert {row["topic"] for row in rows(store, "mood/heatmap", topic=several(BURST, "Earnings"))} == {BURST, "Earnings"}
    source = SOURCES[3]
    assert {row["source"] for row in rows(store, "mood/documents", LONG, source=several(source))} == {source}
    assert all("XOM" in row["symbols"] for row in rows(store, "mood/documents", LONG, symbol=one("XOM")))
    both = rows(store, "mood/totals", LONG, language=several("en", "de"))[0]["documents"]
    assert (
        both == rows(store, "mood/totals", LONG)[0]["documents"] > rows(store, "mood/totals", LONG, language=several("de"))[0]["documents"]
    )


def test_the_newest_documents_come_once_each_as_scored_last(store: Store) -> None:
    shown = rows(store, "mood/documents", LONG)
    assert len(shown) == 50
    assert len({(row["time"], row["title"]) for row in shown}) == 50
    newest = store.documents.search(limit=50, sentiment="negative")
    assert [row["time"].astimezone(UTC) for row in shown] == [document.published_at for document in newest]


def test_only_web_addresses_become_links_and_titles_come_as_they_are(store: Store) -> None:
    starts = [LONG[0] + hours * HOUR for hours in range(0, 10 * 24, 3)]
    shown = [row for start in starts for row in rows(store, "drilldown/documents", (start, start + 3 * HOUR), series=one("All topics"))]
    assert {row["url"].partition(":")[0] for row in shown} == {"https", ""}
    assert all((row["link"] == "") == (row["url"] == "") for row in shown)
    assert {row["link"] for row in shown if "ok.example" in row["url"]} == {"ok.example"}
    assert set(HOSTILE_TITLES) <= {row["title"] for row in shown}


def test_alerts_that_never_fired_are_shown_nowhere(store: Store) -> None:
    assert rows(store, "alerts/summary", LONG)[0]["fired"] == 5
    assert {row["state"] for row in rows(store, "alerts/open", LONG)} == {"firing", "pending"}
    assert len(rows(store, "alerts/past", LONG)) == 2
    assert rows(store, "alerts/summary", LONG)[0]["time_to_detect"] == 300
    assert rows(store, "mood/firing", LONG)[0]["firing"] == 3


def test_alerts_show_observed_and_expected_counts(store: Store) -> None:
    alert = rows(store, "drilldown/alerts", LONG, series=one(BURST))[0]
    assert alert["interval_90"] == "4 to 13"
    assert alert["explanation"] == (
        "40 negative documents in 60 min, 8.3 expected (90%: 4 to 13); negative share 80%, expected 30%; "
        "about one window in 1.00 billion would show this by chance"
    )
    silent = rows(store, "drilldown/alerts", LONG, series=one("Source: Reuters"))[0]
    assert silent["explanation"] == "0 documents in 60 min, 8.3 expected (90%: 4 to 13); practically impossible by chance"
    assert {row["acknowledged_by"] for row in rows(store, "alerts/open", LONG)} == {"ana: looking into it", ""}


def test_alerts_show_what_is_so_now_who_drives_them_and_what_happened(store: Store) -> None:
    told, *others = sorted(rows(store, "alerts/open", LONG), key=lambda row: row["series"] != BURST)
    assert (told["now"], told["trend"], told["peak"], told["driven_by"]) == ("12 of 20 in 60 min", "falling", 51, "Harbor Union: 41 of 51")
    assert told["what_happened"] == "fraud or investigation, market crash or bank run"
    assert (told["gravest"], moment(told["peaked_at"])) == (0.75, NOW - timedelta(minutes=80))
    empty = {"now": "", "trend": "", "driven_by": "", "what_happened": "", "peaked_at": None}
    assert [row for row in others if not row.items() >= empty.items()] == []


def test_a_saved_backtest_shows_what_it_found_and_missed(store: Store) -> None:
    result = rows(store, "backtest/result", LONG, run=one(RUN_ID))[0]
    assert (result["found"], result["missed"], result["false_alarms"], result["median_delay"]) == (1, 1, 1, 750)
    events = {row["name"]: (row["result"], row["delay"]) for row in rows(store, "backtest/events", LONG, run=one(RUN_ID))}
    assert events == {"Strike": ("found", 750), "Rate 'surprise'": ("missed", None)}


def moment(value: int | datetime) -> datetime:
    """Return a time; chDB hands out whole seconds as a number."""
    return value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)


def answered(store: Store, run: QueryRun) -> list[dict[str, Any]]:
    names = columns(store, run.sql)
    return [dict(zip(names, row, strict=True)) for row in store.read(run.sql)]


def without(uid: str) -> Mapping[str, str]:
    return {name: text for name, text in BOARDS.items() if uid not in name}
