from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from squall import storage
from squall.core.clock import ManualClock, SystemClock
from squall.core.errors import StoreError, StoreLockedError, StoreUnavailableError
from squall.core.items import Progress
from squall.storage import Store
from squall.storage.backends.embedded import EmbeddedBackend
from squall.storage.schema import migrate as migrations
from tests.integration.storage.samples import NOW, document, scored

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = storage.open(f"chdb://{tmp_path / 'store'}")
    yield store
    store.close()


def child(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.PIPE, text=True)


def test_a_store_without_tables_says_how_to_make_them(store: Store) -> None:
    for call in (
        store.progress.all,
        store.counts.totals,
        lambda: store.documents.insert([scored(1)], token="a"),
        lambda: store.documents.known_versions([document(1)], "m"),
    ):
        with pytest.raises(StoreError, match="squall store migrate"):
            call()
    assert {migration.applied_at for migration in store.schema.status()} == {None}


def test_migrations_are_applied_once_and_remembered(store: Store) -> None:
    assert [migration.number for migration in store.schema.migrate()] == [migration.number for migration, _ in migrations.available()]
    assert store.schema.migrate() == []
    assert all(migration.applied_at for migration in store.schema.status())


def test_alerts_and_mails_of_before_the_fourth_migration_are_still_read(store: Store, tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    for path in sorted(migrations.FOLDER.glob("*.sql"))[:3]:
        shutil.copy(path, before)
    migrations.migrate(store._backend, SystemClock(), before)
    store._backend.command("INSERT INTO alerts (id, topic, state, severity, expected) VALUES ('a', 'Macro', 'firing', 'warning', 4.5)", {})
    store._backend.command("INSERT INTO notifications (id, alert_id) VALUES ('n', 'a')", {})
    store.schema.migrate()
    row = next(iter(store.read("SELECT kind, test, expected_low, expected_high FROM alerts FINAL")))
    assert row == ("topic", "burst", 0.0, 4.5)
    (mail,) = store.notifications.about("a")
    assert (mail.receiver, mail.alert_ids) == ("default", ("a",))


def test_an_edited_migration_is_refused(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_a.sql").write_text("CREATE TABLE IF NOT EXISTS a (x Int32) ENGINE = MergeTree ORDER BY x;\n")
    backend = store._backend
    migrations.migrate(backend, SystemClock(), folder)
    (folder / "0001_a.sql").write_text("CREATE TABLE IF NOT EXISTS b (x Int32) ENGINE = MergeTree ORDER BY x;\n")
    with pytest.raises(StoreError, match="0001_a was applied with another text"):
        migrations.migrate(backend, SystemClock(), folder)


def test_a_store_that_is_ahead_of_this_version_is_refused(store: Store, tmp_path: Path) -> None:
    store.schema.migrate()
    empty = tmp_path / "none"
    empty.mkdir()
    with pytest.raises(StoreError, match=r"0001_documents, which this version .* \(upgrade squall\)"):
        migrations.status(store._backend, empty)


def test_a_migration_that_failed_half_way_is_run_again(store: Store, tmp_path: Path) -> None:
    first = "CREATE TABLE IF NOT EXISTS a (x Int32) ENGINE = MergeTree ORDER BY x;\n"
    path = tmp_path / "0001_a.sql"
    path.write_text(first + "CREATE TABLE broken;\n")
    with pytest.raises(StoreError):
        migrations.migrate(store._backend, SystemClock(), tmp_path)
    path.write_text(first + "-- changed\nCREATE TABLE IF NOT EXISTS b (x Int32) ENGINE = MergeTree ORDER BY x;\n")
    assert [migration.name for migration in migrations.migrate(store._backend, SystemClock(), tmp_path)] == ["a"]


def test_migrate_applies_the_retention_that_is_set(tmp_path: Path) -> None:
    def ttl(days: int) -> str:
        store = storage.open(f"chdb://{tmp_path}", retention_days=days)
        store.schema.migrate()
        created = next(iter(store.read("SELECT create_table_query FROM system.tables WHERE name = 'documents'")))[0]
        store.close()
        return str(created).split("TTL")[1].split("SETTINGS")[0]

    assert "400" in ttl(400)
    assert "30" in ttl(30)
    assert "400" not in ttl(30)


def test_a_second_process_learns_which_process_holds_the_folder(store: Store, tmp_path: Path) -> None:
    other = child("import sys; from squall import storage; storage.open(sys.argv[1])", f"chdb://{tmp_path / 'store'}")
    _, errors = other.communicate(timeout=60)
    assert other.returncode == 1
    line = errors.strip().splitlines()[-1]
    assert "StoreLockedError" in line
    assert str(tmp_path / "store") in line
    assert f"process {os.getpid()}" in line


def test_one_process_has_one_folder_open_at_a_time(store: Store, tmp_path: Path) -> None:
    same = storage.open(f"chdb://{tmp_path / 'store'}")
    assert same.ping()
    with pytest.raises(StoreLockedError, match="already has the embedded store"):
        storage.open(f"chdb://{tmp_path / 'other'}")
    same.close()
    store.close()
    other = storage.open(f"chdb://{tmp_path / 'other'}")
    assert other.ping()
    other.close()


def test_a_store_that_is_closed_during_a_query_gives_its_folder_back_with_the_query_s_answer(store: Store, tmp_path: Path) -> None:
    slow = "SELECT count() FROM numbers(50) WHERE NOT ignore(sleepEachRow(0.02))"
    running = "SELECT count() FROM system.processes WHERE query LIKE '%sleepEachRow%' AND query NOT LIKE '%system.processes%'"
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(lambda: next(iter(store.read(slow)))[0])
        while not next(iter(store.read(running)))[0]:
            assert not answer.done()
        store.close()
        other = storage.open(f"chdb://{tmp_path / 'other'}")
        assert other.ping()
        other.close()
        assert answer.result(30) == 50


def test_a_failed_query_does_not_let_go_of_the_folder(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        store.counts.totals()
    other = child("import sys; from squall import storage; storage.open(sys.argv[1])", f"chdb://{tmp_path / 'store'}")
    assert "StoreLockedError" in other.communicate(timeout=60)[1]


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file/store"):
        storage.open(f"chdb://{tmp_path / 'file' / 'store'}")


def test_a_closed_store_says_so_and_may_be_closed_again(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        store.ping()


def test_threads_are_limited_as_the_url_says(tmp_path: Path) -> None:
    backend = EmbeddedBackend(tmp_path, max_threads=1, timeout_seconds=5)
    assert next(iter(backend.select("SELECT toUInt32(getSetting('max_threads'))", {})))[0] == 1
    backend.close()


def test_more_threads_than_connections_take_turns(store: Store) -> None:
    store.schema.migrate()
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(lambda number: store.documents.insert([scored(number)], token=str(number)), range(48)))
    assert store.counts.totals().documents == 48


def test_a_value_that_does_not_fit_is_an_error_of_the_request(store: Store) -> None:
    store.schema.migrate()
    with pytest.raises(StoreError) as caught:
        store.progress.write([Progress("a", -1, 0, NOW, False, NOW)])
    assert not isinstance(caught.value, StoreUnavailableError)


@pytest.mark.parametrize("opened_in", ["main", "thread"])
def test_a_crash_ends_the_process_and_prints_where(tmp_path: Path, opened_in: str) -> None:
    code = """
    import os, signal, sys, threading
    from squall import storage
    opened = []
    if sys.argv[2] == "main":
        opened.append(storage.open(sys.argv[1]))
    else:
        thread = threading.Thread(target=lambda: opened.append(storage.open(sys.argv[1])))
        thread.start()
        thread.join()
    opened[0].ping()
    os.kill(os.getpid(), signal.SIGSEGV)
    """
    crashed = child(code, f"chdb://{tmp_path}", opened_in)
    _, errors = crashed.communicate(timeout=60)
    assert crashed.returncode == -signal.SIGSEGV
    assert "Fatal Python error: Segmentation fault" in errors


INSERTER = """
import sys, itertools
from squall import storage
from tests.integration.storage.samples import scored
store = storage.open(sys.argv[1])
store.schema.migrate()
first = int(sys.argv[2])
for batch in itertools.count():
    store.documents.insert([scored(first + batch * 50 + number) for number in range(50)], token=f"{first}-{batch}")
    print(batch, flush=True)
"""


@pytest.mark.slow
def test_kill_9_loses_no_acknowledged_row_and_leaves_no_part_of_a_batch(tmp_path: Path) -> None:
    acknowledged: set[tuple[int, int]] = set()
    for kill in range(4):
        first = kill * 10_000_000
        inserter = child(INSERTER, f"chdb://{tmp_path}", str(first))
        assert inserter.stdout is not None
        watchdog = threading.Timer(60, inserter.kill)
        watchdog.start()
        for line in inserter.stdout:
            acknowledged.add((first, int(line)))
            if int(line) == 10 + 7 * kill:
                break
        inserter.kill()
        acknowledged.update((first, int(line)) for line in inserter.stdout)
        inserter.communicate()
        watchdog.cancel()
    store = storage.open(f"chdb://{tmp_path}")
    rows = [int(row.id, 16) for row in store.documents.search(limit=100_000)]
    store.close()
    stored = {(number // 10_000_000 * 10_000_000, number % 10_000_000 // 50) for number in rows}
    assert acknowledged <= stored
    assert len(rows) == 50 * len(stored)
    assert len(stored) <= len(acknowledged) + 4


def test_a_store_that_does_not_exist_is_not_created_for_a_reader(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "absent", tmp_path / "empty"):
        with pytest.raises(StoreError, match="there is no store at"):
            storage.open(f"chdb://{folder}", create=False)
    assert not (tmp_path / "absent").exists()
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_store_that_exists_is_opened_for_a_reader(tmp_path: Path) -> None:
    url = f"chdb://{tmp_path / 'store'}"
    made = storage.open(url)
    made.schema.migrate()
    made.close()
    opened = storage.open(url, create=False)
    assert all(migration.applied_at for migration in opened.schema.status())
    opened.close()


def test_migrations_are_stamped_by_the_clock_of_the_store(tmp_path: Path) -> None:
    opened = storage.open(f"chdb://{tmp_path / 'store'}", clock=ManualClock(NOW))
    opened.schema.migrate()
    assert {migration.applied_at for migration in opened.schema.status()} == {NOW}
    opened.close()
