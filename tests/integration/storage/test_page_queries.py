from __future__ import annotations

from datetime import UTC, datetime, timedelta

from squall.core.records import Kind, SeriesKind
from squall.storage import Store
from squall.storage.queries.alerting.silences import ended_silence, new_silence
from squall.storage.rows.detector import DetectorRun, SeriesReading
from squall.storage.rows.latency import Quantiles
from squall.storage.rows.pipeline import PipelineSample
from tests.integration.storage.samples import NOW as START
from tests.integration.storage.samples import scored

DAY = timedelta(days=1)
NONE = Quantiles(0.0, 0.0, 0.0)


def test_moods_are_counted_per_topic_and_step_without_copies(store: Store) -> None:
    rows = [scored(1), scored(2, fingerprint=7), scored(3, fingerprint=7), scored(4, START + timedelta(minutes=7), sentiment="positive")]
    store.documents.insert(rows, token="a")
    found = store.counts.buckets_by_topic(START - DAY, START + DAY, step=timedelta(minutes=5))
    assert sum(row.total for row in found) == 3
    assert {row.time.tzinfo for row in found} == {UTC}
    assert all(row.time.timestamp() % 300 == 0 for row in found)
    assert sum(row.total for row in store.counts.buckets(START - DAY, START + DAY, step=timedelta(hours=1))) == 3


def test_whole_hours_are_the_same_from_kept_counts_as_from_documents(store: Store) -> None:
    rows = [
        scored(
            number,
            START + timedelta(minutes=47 * number),
            topic=f"topic {number % 3}",
            fingerprint=number % 11,
            symbols=("AAPL",) * (number % 2),
        )
        for number in range(60)
    ]
    store.documents.insert(rows, token="a")
    step, end = timedelta(hours=2), START + 3 * DAY

    def ask() -> list[object]:
        return [
            store.counts.buckets_by_topic(START, end, step=step),
            store.counts.buckets(START, end, step=step),
            store.counts.buckets(START, end, step=step, topic="topic 1"),
            store.counts.buckets(START, end, step=step, symbol="AAPL"),
        ]

    counted = ask()
    store.rollups.update()
    assert ask() == counted
    assert all(counted)


def test_documents_are_found_by_words_as_they_are_and_paged_within_a_millisecond(store: Store) -> None:
    store.documents.insert([scored(number, text=f"100% _sure_ \\ 'quoted' {number}") for number in range(5)], token="a")
    assert len(store.documents.search(words=("100%", "_SURE_", "\\", "'quoted'"))) == 5
    assert store.documents.search(words=("100_",)) == store.documents.search(words=("sure", "absent")) == []
    everything = store.documents.search()
    for place, row in enumerate(everything):
        assert store.documents.search(before=row.published_at, before_id=row.id) == everything[place + 1 :]
        assert store.documents.search(before=row.published_at, before_id=row.id, limit=1) == everything[place + 1 : place + 2]


def test_filters_for_kind_and_language(store: Store) -> None:
    store.documents.insert([scored(1)], token="a")
    (row,) = store.documents.search()
    assert store.documents.search(kind=row.kind, language=row.language) == [row]
    assert store.documents.search(kind="social" if row.kind == Kind.NEWS else "news") == store.documents.search(language="xx") == []


def test_a_document_scored_anew_is_found_by_what_it_is_now(store: Store) -> None:
    store.documents.insert([scored(number, sentiment="positive") for number in range(20)], token="a")
    store.documents.insert(
        [scored(number, sentiment="negative", model="v2", scored_at=START + timedelta(minutes=1)) for number in range(19)], token="b"
    )
    assert len(store.documents.search(sentiment="positive", limit=1)) == 1
    assert len(store.documents.search(sentiment="negative", limit=3)) == 3
    assert len(store.documents.search(sentiment="positive", limit=5)) == 1


def test_what_was_stored_since_a_moment_is_returned_once_per_document(store: Store) -> None:
    before = store.arrivals.now() - timedelta(seconds=1)
    store.documents.insert([scored(1), scored(2)], token="a")
    store.documents.insert([scored(1, model="v2", scored_at=START + timedelta(minutes=1))], token="b")
    found = store.arrivals.since(before, limit=10)
    assert (len(found.stored), found.total) == (2, 2)
    assert before < min(at for _, at in found.stored) <= found.now
    assert (len(store.arrivals.since(before, limit=1).stored), store.arrivals.since(before, limit=1).total) == (1, 2)
    assert store.arrivals.since(found.now + timedelta(seconds=5), limit=10).stored == ()
    versions = {row.id: row.model_version for row in store.arrivals.documents([key for key, _ in found.stored], before)}
    assert versions[scored(1).document.id] == "v2"
    assert store.arrivals.documents([], before) == []


def test_an_empty_store_answers_with_nothing(store: Store) -> None:
    assert (
        store.counts.buckets_by_topic(START, START + DAY, step=DAY)
        == store.detector.readings("Markets", START, START + DAY)
        == store.documents.search()
        == []
    )
    assert store.documents.newest() is None
    assert store.pipeline.report(START) is None
    assert store.detector.last_run() is None
    names = store.counts.names(START, START + DAY)
    assert (names.topics, names.sources, names.symbols, names.languages, names.watched) == ((), (), (), (), ())
    assert store.arrivals.since(START, limit=1).total == 0


def test_reports_of_workers_are_summed_up(store: Store) -> None:
    rows = [
        PipelineSample(
            START, "one", 10.0, 60, 1, 2, (), 1, 60, 0, 0.1, 0.1, Quantiles(0.5, 2.0, 3.0), Quantiles(0.25, 1.0, 2.0), 4, "v1", "cpu", None
        ),
        PipelineSample(START, "two", 10.0, 0, 0, 0, (), 0, 0, 0, 0.0, 0.0, NONE, NONE, None, "v1", "cpu", None),
    ]
    store.pipeline.write_samples(rows)
    found = store.pipeline.report(START + timedelta(seconds=5))
    assert found is not None
    assert (found.last_at, found.workers, found.rate_per_second, found.lag) == (START, 2, 1.0, 4)
    assert (found.published_p50, found.published_p99, found.duplicates, found.rejected) == (0.5, 2.0, 1, 2)
    assert (found.collected_p50, found.collected_p99) == (0.25, 1.0)
    later = store.pipeline.report(START + DAY)
    assert later is not None
    assert (later.last_at, later.workers, later.published_p50, later.lag) == (START, 0, None, None)


def test_the_last_run_of_the_detector_is_reported(store: Store) -> None:
    for seconds, error in ((0, ""), (60, "the store was away")):
        store.detector.write_run(DetectorRun(START + timedelta(seconds=seconds), 0.5, None, None, 1, 0, 0, 0, 0, error))
    found = store.detector.last_run()
    assert found is not None
    assert (found.at, found.seconds, found.evaluated_until, found.error) == (START + timedelta(seconds=60), 0.5, None, "the store was away")


def test_readings_are_read_at_multiples_of_a_step(store: Store) -> None:
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    times = [midnight + timedelta(minutes=5 * place) for place in range(12)]
    store.detector.write_readings([SeriesReading("Markets", SeriesKind.TOPIC, time, 60, 3, 9, 2.5, 1.0, 6.0, 0.3, 0.2) for time in times])
    assert [row.time for row in store.detector.readings("Markets", midnight, times[-1])] == times
    assert [row.time for row in store.detector.readings("Markets", midnight, times[-1], every=timedelta(minutes=15))] == times[::3]
    assert store.detector.readings("Earnings", midnight, times[-1]) == []


def test_the_desk_changes_with_every_word_and_with_time(store: Store) -> None:
    now = store.arrivals.now()
    states = [store.alerts.revision(now)]
    made = new_silence(["topic=Mark*"], "ann", "known", now, None, now + timedelta(minutes=5))
    store.silences.write([made])
    states.append(store.alerts.revision(now))
    states.append(store.alerts.revision(now + timedelta(minutes=5)))
    store.silences.write([ended_silence(made, now)])
    states.append(store.alerts.revision(now))
    assert len(set(states)) == 4
    assert store.alerts.revision(now) == states[-1]
