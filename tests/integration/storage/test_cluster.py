"""The tables of a cluster: their statements are ClickHouse's, and queries over two shards answer as over one server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from squall import storage
from squall.core.clock import ManualClock
from squall.core.errors import StoreError
from squall.core.items import DeadLetter, Origin, Progress
from squall.core.records import AlertState
from squall.storage import Store
from squall.storage.queries import kept
from squall.storage.rows.alerting import Claim
from squall.storage.rows.stories import StoryMemberRow
from squall.storage.schema.cluster import SHARDED_BY, Cluster, local_name
from tests.integration.storage.mention_samples import mention, naming
from tests.integration.storage.samples import NOW, alert, scored
from tests.support.migrated_stores import open_migrated
from tests.support.two_shards import NAME, SCHEMA_STATEMENTS, OneProcessCluster, open_two_shards

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
SPAN = (NOW - 24 * HOUR, NOW + 24 * HOUR)
BANK = "company:alpenbank"


def story_member(number: int) -> StoryMemberRow:
    return StoryMemberRow(
        document_id=f"{number:032x}",
        published_at=NOW + number * MINUTE,
        headline=f"Title {number}",
        story_id=f"{number % 4:032x}",
        size=1 + number // 4,
        novelty=50,
        last_similar="",
        seconds_since_last=None,
        distance=None,
        linked_12h=number,
        linked_24h=number,
        linked_3d=number,
        linked_5d=number,
        linked_7d=number,
        names=(BANK,),
        linked_by_name=(number,) * 5,
        weight=1.0,
        direction=0,
        signs=(),
        version=0,
    )


def fill(store: Store) -> None:
    """Store documents in every state: copies of others, versions, scored again, delivered again, undated, deleted, unscored."""
    store.documents.insert(
        [
            naming(number, BANK, mention("place:wien", 10, tone="neutral"), published_at=NOW + number * MINUTE, fingerprint=number // 3)
            for number in range(30)
        ],
        token="a",
    )
    store.documents.insert(
        [scored(number, NOW + number * MINUTE, sentiment="positive", topic="Energy", symbols=("AAPL",)) for number in range(30, 45)],
        token="b",
    )
    store.documents.insert([scored(number, NOW + number * MINUTE, model="m2", scored_at=NOW + HOUR) for number in range(40, 45)], token="c")
    store.documents.insert([scored(number, NOW + 2 * HOUR, scored_at=NOW + 2 * HOUR) for number in range(20, 25)], token="d")
    store.documents.insert([scored(45 + n, NOW + 3 * HOUR, revises=f"{n:032x}", title=f"Bankruptcy of {n}") for n in range(5)], token="e")
    store.documents.insert([scored(50, NOW + HOUR, undated=True), scored(52, NOW + HOUR)], token="f")
    grave = [scored(53, NOW + HOUR), scored(54, NOW + HOUR, topic="Energy")]
    store.documents.insert([row.model_copy(update={"severity": 0.5}) for row in grave], token="g")
    store.rollups.update()
    store.documents.mark_deleted([f"{number:032x}" for number in (2, 52)])
    store.documents.delete_marked()
    store.story_forming.write([story_member(number) for number in range(30) if number not in (2, 7, 8)])
    store.alerts.write([alert(number, AlertState.FIRING, document_ids=(f"{number:032x}",)) for number in range(4)])
    store.alerts.write([alert(1, AlertState.RESOLVED, fired_at=NOW)])
    store.progress.write([Progress("kafka", part, 5, NOW, True, NOW) for part in range(4)])
    store.progress.write([Progress("kafka", 1, 7, NOW, False, NOW)])
    store.dead_letters.write([DeadLetter(Origin("t", 0, n), "broken_json", "d", b"x", NOW) for n in (1, 2, 3, 1)])
    store.leases.write(Claim("detector", "me", NOW))
    store.rollups.update()


def from_kept(ask: Callable[[Store], Any]) -> Callable[[Store], Any]:
    """Ask of the kept counts, as if all had been stored long before they were made."""

    def asked(store: Store) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kept, "_OVERLAP", timedelta(days=-1))
            return ask(store)

    return asked


LONG = (SPAN[0] - timedelta(days=2), SPAN[1])
QUESTIONS: dict[str, Callable[[Store], Any]] = {
    "kept per minute": from_kept(lambda s: list(s.counts.per_minute(*LONG, undated=False).rows())),
    "kept of symbols": from_kept(lambda s: list(s.counts.per_minute(*LONG, by="symbol", names=["AAPL"]).rows())),
    "kept of sources": from_kept(lambda s: s.counts.arrived_per_minute(*LONG, limit=5).documents.tolist()),
    "kept levels": from_kept(lambda s: sorted(s.levels.by_step(*LONG, step=12 * HOUR).items())),
    "kept adverse": from_kept(lambda s: list(s.levels.adverse([BANK], *LONG).rows())),
    "adverse": lambda s: list(s.levels.adverse([BANK], *SPAN).rows()),
    "arrived": lambda s: s.counts.arrived_per_minute(*SPAN, limit=5).documents.tolist(),
    "totals": lambda s: s.counts.totals(),
    "kept totals": lambda s: (s.counts.is_kept(), s.counts.kept_totals()),
    "per minute": lambda s: list(s.counts.per_minute(*SPAN).rows()),
    "per minute with copies": lambda s: list(s.counts.per_minute(*SPAN, copies=True, undated=False).rows()),
    "by topic": lambda s: s.counts.by_topic(*SPAN),
    "kept by topic": lambda s: s.counts.kept_by_topic(*SPAN),
    "buckets": lambda s: s.counts.buckets_by_topic(*SPAN, step=HOUR),
    "names": lambda s: s.counts.names(*SPAN),
    "search": lambda s: [row.id for row in s.documents.search(limit=20)],
    "words": lambda s: [row.id for row in s.documents.search(words=["BANKRUPTCY"])],
    "top": lambda s: [(row.id, row.copies) for row in s.documents.top("Macro", *SPAN, limit=30)],
    "versions": lambda s: [row.id for row in s.documents.versions(f"{3:032x}")],
    "latency": lambda s: s.documents.latency(*SPAN).documents,
    "models": lambda s: [(model.version, model.documents) for model in s.documents.model_versions()],
    "deleted": lambda s: s.documents.get(f"{2:032x}"),
    "mentions": lambda s: [(row.document.id, row.mention.entity) for row in s.mentions.documents(BANK, *SPAN)],
    "counted mentions": lambda s: [(each.document_id, each.entity) for each in s.mentions.counted(*SPAN)],
    "levels": lambda s: sorted(s.levels.by_step(*SPAN, step=HOUR).items()),
    "unread": lambda s: s.mentions.unread(*SPAN, model_version="m1", catalogue_version="c1", limit=50),
    "days": lambda s: s.mentions.days("m1", "c1"),
    "entities": lambda s: s.entities.series(BANK, *SPAN, step=HOUR),
    "entity search": lambda s: s.entities.search("alpen", *SPAN),
    "gravest": lambda s: [row.id for row in s.severity.gravest(*SPAN, at_least=0.0)],
    "story": lambda s: [row.id for row in s.stories.documents(f"{1:032x}")],
    "late": lambda s: [each.id for each in s.story_forming.late(s.story_forming.last(), SPAN[0], None, 50)],  # type: ignore[arg-type]
    "alerts": lambda s: [(each.id, each.state) for each in s.alerts.latest()],
    "alerts by name": lambda s: [each.id for each in s.alerts.find(_naming("alpenbank"))],
    "drivers": lambda s: s.drivers.of(s.alerts.get(f"{0:032x}"), {}),  # type: ignore[arg-type]
    "progress": lambda s: s.progress.all(),
    "dead letters": lambda s: s.dead_letters.by_reason(),
    "leases": lambda s: s.leases.claims("detector"),
}


def _naming(name: str) -> Any:
    from squall.storage.queries.alerting.alerts import AlertFilter

    return AlertFilter(names=(name,))


def answers_of(store: Store) -> dict[str, Any]:
    fill(store)
    found = {name: ask(store) for name, ask in QUESTIONS.items()}
    found["shards"] = {
        int(shard): int(rows) for shard, rows in store.read("SELECT shardNum(), count() FROM documents GROUP BY 1 ORDER BY 1")
    }
    return found


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """What one server answers, and what two shards do."""
    clock = ManualClock(NOW + 6 * HOUR)
    found = []
    for open_store in (open_migrated, open_two_shards):
        store = open_store(tmp_path_factory.mktemp("store") / "chdb", clock=clock)
        try:
            found.append(answers_of(store))
        finally:
            store.close()
    return found[0], found[1]


@pytest.mark.parametrize("question", QUESTIONS)
def test_two_shards_answer_as_one_server(answers: tuple[dict[str, Any], dict[str, Any]], question: str) -> None:
    one, two = answers
    assert one[question] == two[question]
    assert one[question] not in ([], 0) or question in {"unread", "deleted"}


def test_both_shards_have_documents(answers: tuple[dict[str, Any], dict[str, Any]]) -> None:
    shards = answers[1]["shards"]
    assert set(shards) == {1, 2}
    assert min(shards.values()) > 10


def test_every_statement_of_the_schema_on_a_cluster_is_one_that_clickhouse_parses(tmp_path: Path) -> None:
    backend = OneProcessCluster(tmp_path / "chdb")
    try:
        statements = [made for sql in SCHEMA_STATEMENTS for made in Cluster("{cluster}", "a'b").statements(sql)]
        assert len(statements) > 2 * len(SHARDED_BY)
        for statement in statements:
            assert len(backend.select(f"EXPLAIN AST {statement}", {"days": 400, "ids": ["a"], "until": NOW})) > 1
        with pytest.raises(StoreError):
            backend.select(f"EXPLAIN AST {statements[0].replace('ENGINE', 'ENGIN')}", {})
    finally:
        backend.close()


def test_a_shard_follows_from_columns_of_the_sort_key_so_that_final_sees_all_versions_of_a_row(tmp_path: Path) -> None:
    store = open_migrated(tmp_path / "chdb")
    try:
        keys: dict[str, str] = dict(store.read("SELECT name, sorting_key FROM system.tables WHERE database = currentDatabase()"))
        assert set(keys) == set(SHARDED_BY)
        for table, expression in SHARDED_BY.items():
            columns = expression.removeprefix("sipHash64(").removesuffix(")").split(", ")
            assert set(columns) <= set(keys[table].split(", ")), table
    finally:
        store.close()


def test_tables_of_the_other_layout_are_refused(tmp_path: Path) -> None:
    open_two_shards(tmp_path / "chdb").close()
    store = storage.open(f"chdb://{tmp_path}/chdb?max_threads=1")
    try:
        with pytest.raises(StoreError, match="tables of a cluster"):
            store.schema.status()
    finally:
        store.close()


def test_retention_and_the_index_of_words_are_those_of_the_replicated_tables(tmp_path: Path) -> None:
    store = open_two_shards(tmp_path / "chdb")
    try:
        assert store.schema.migrate() == []
        sql = f"SELECT name, create_table_query FROM system.tables WHERE name IN ('documents', '{local_name('documents')}')"
        created: dict[str, str] = dict(store.read(sql))
        assert "TTL toDateTime(scored_at) + toIntervalDay(400)" in created[local_name("documents")]
        assert "by_word" in created[local_name("documents")]
        assert f"ENGINE = Distributed('{NAME}'" in created["documents"]
    finally:
        store.close()
