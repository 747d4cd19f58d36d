from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall import storage
from squall.core.errors import ConfigurationError, StoreError, StoreRefusedError, StoreUnavailableError
from squall.core.gravity.event_kinds import KINDS
from squall.core.gravity.severities import GRADES
from squall.core.records import AlertState
from squall.storage.backends.base import error_code, plain, server_error
from squall.storage.panels import panel_sql
from squall.storage.rows.minutes import unpack
from squall.storage.schema import migrate as migrations
from squall.storage.schema.migrate import Migration


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgres://localhost/x",
        "chdb://relative/folder",
        "chdb:///",
        "chdb:///tmp/x?max_threads=many",
        "chdb:///tmp/x?threads=1",
        "clickhouse:///default",
        "clickhouse://host:port/default",
        "clickhouse://host/default?compress=1",
    ],
)
def test_a_url_that_names_no_store_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        storage.open(url)
    assert "clickhouse://user:password@host:9000/database" in caught.value.hint or "max_threads" in caught.value.hint


def test_a_refused_url_does_not_show_its_password() -> None:
    for url in ("mysql://me:hunter2@host/x", "clickhouse://me:hunter2@host:port/x", "clickhouse://me:hunter2@host/x?y=1"):
        with pytest.raises(ConfigurationError) as caught:
            storage.open(url)
        assert "hunter2" not in str(caught.value)


def test_times_are_bound_in_utc_with_milliseconds() -> None:
    moment = datetime(2026, 3, 2, 1, 2, 3, 456_000, tzinfo=timezone(timedelta(hours=2)))
    assert plain(moment) == "2026-03-01 23:02:03.456"
    with pytest.raises(ValueError, match="no time zone"):
        plain(datetime(2026, 3, 2))  # noqa: DTZ001


def test_enums_booleans_and_sequences_are_bound_as_plain_values() -> None:
    assert plain(AlertState.FIRING) == "firing"
    assert plain(True) == 1
    assert plain(("a", "b")) == ["a", "b"]


@pytest.mark.parametrize(
    ("code", "kind", "hint"),
    [
        (60, StoreError, "squall store migrate"),
        (516, StoreRefusedError, "password"),
        (241, StoreUnavailableError, "memory"),
        (62, StoreError, "not help"),
    ],
)
def test_an_error_says_whether_to_try_again_and_what_to_do(code: int, kind: type[Exception], hint: str) -> None:
    error = server_error("here", code, f"Code: {code}. DB::Exception: no. Stack trace:\n\n0. secrets", "a query")
    assert type(error) is kind
    assert hint in error.hint
    assert "Stack trace" not in str(error)


def test_the_code_of_an_error_is_read_from_its_text() -> None:
    assert error_code("Code: 60. DB::Exception: x") == 60
    assert error_code("something else") == 0


def test_migrations_are_split_at_semicolons_that_end_a_line() -> None:
    assert migrations.statements("-- a; b\nSELECT ';' ;\n\nSELECT 2;\n") == ["SELECT ';'", "SELECT 2"]


def test_the_shipped_migrations_are_numbered_without_gaps_and_repeatable() -> None:
    shipped = migrations.available()
    assert [migration.number for migration, _ in shipped] == list(range(1, len(shipped) + 1))
    for _, sql in shipped:
        for statement in migrations.statements(sql):
            repeatable = any(words in statement for words in ("IF NOT EXISTS", "IF EXISTS", "MATERIALIZE "))
            assert repeatable, f"fails, or builds what is there, when it runs again: {statement}"


@pytest.mark.parametrize("names", [["0001_a.sql", "0003_b.sql"], ["0002_a.sql"], ["first.sql"], ["0001_a.sql", "0001_b.sql"]])
def test_migration_files_named_wrongly_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;\n")
    with pytest.raises(StoreError):
        migrations.available(tmp_path)


def test_a_store_may_lag_behind_but_not_run_ahead() -> None:
    shipped = [Migration(1, "a", "x"), Migration(2, "b", "y")]
    migrations.check(shipped, shipped[:1])
    with pytest.raises(StoreError, match="upgrade squall"):
        migrations.check(shipped[:1], shipped)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1)))
def test_packed_documents_become_counts_per_topic_and_minute(documents: dict[str, list[tuple[int, int]]]) -> None:
    topics = sorted(documents)
    counts = unpack(topics, [[minute * 3 + sentiment for minute, sentiment in documents[topic]] for topic in topics])
    assert counts.negative.sum() + counts.neutral.sum() + counts.positive.sum() == sum(map(len, documents.values()))
    for row in counts.rows():
        minute = int((row.minute - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() // 60)
        found = [documents[row.topic].count((minute, sentiment)) for sentiment in range(3)]
        assert found == [row.negative, row.neutral, row.positive]
    for topic in topics:
        assert np.array_equal(counts.of(topic).minutes, sorted({minute for minute, _ in documents[topic]}))


def test_the_panels_use_the_words_and_labels_of_severity_and_events() -> None:
    half = 0.5 / (len(GRADES) - 1)
    cases = ", ".join(f"severity >= {grade.position - half:g}, '{grade.word}'" for grade in reversed(GRADES[1:]))
    assert panel_sql("parts/severity_word") == f"multiIf(isNull(severity), '', {cases}, '{GRADES[0].word}')"
    labels = panel_sql("parts/event_labels")
    assert ", ".join(f"'{kind.name}'" for kind in KINDS) in labels
    assert ", ".join(f"'{kind.label}'" for kind in KINDS) in labels
