"""A store that can't write says so, embedded and as a server: what was acknowledged is in the table, and what was not arrives later.

The server is chDB behind the native protocol: the errors are ClickHouse's own, as clickhouse-driver reports them.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from squall import storage
from squall.core.errors import StoreError, StoreRefusedError, StoreUnavailableError
from squall.storage import Store
from squall.storage.backends.base import Block, Cell, server_error
from squall.storage.backends.error_codes import MISSING, REFUSED, TEMPORARY
from tests.integration.storage.samples import scored
from tests.support.gateway_process import GatewayProcess

MEGABYTE = 1_000_000
DISK = "16m"


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Store]:
    """A store of a kind over a folder."""
    gateway = GatewayProcess(folder) if kind == "server" else None
    store = storage.open(gateway.url if gateway else f"chdb://{folder}?max_threads=1")
    try:
        yield store
    finally:
        store.close()
        if gateway:
            gateway.kill()


@pytest.fixture(scope="module", params=["chdb", "server"])
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with opened(request.param, tmp_path_factory.mktemp("store")) as store:
        store.schema.migrate()
        yield store


@pytest.fixture
def store(migrated: Store) -> Iterator[Store]:
    migrated._backend.command("TRUNCATE TABLE documents", {})
    yield migrated
    migrated._backend.command("ALTER TABLE documents DROP CONSTRAINT IF EXISTS short", {})
    migrated._backend.command("ALTER TABLE documents RESET SETTING parts_to_delay_insert, parts_to_throw_insert, max_delay_to_insert", {})


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"this user may not mount a tmpfs: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=False)


def test_too_many_parts_is_raised_and_the_rows_arrive_later(store: Store) -> None:
    store.documents.insert([scored(1)], token="one")
    store._backend.command(
        "ALTER TABLE documents MODIFY SETTING parts_to_delay_insert = 1, parts_to_throw_insert = 1, max_delay_to_insert = 1", {}
    )
    with pytest.raises(StoreUnavailableError, match="Too many parts"):
        store.documents.insert([scored(2)], token="two")
    assert store.counts.totals().documents == 1
    store._backend.command("ALTER TABLE documents RESET SETTING parts_to_delay_insert, parts_to_throw_insert, max_delay_to_insert", {})
    store.documents.insert([scored(2)], token="two")
    assert store.counts.totals().documents == 2


def test_a_failed_constraint_is_refused_for_good(store: Store) -> None:
    store._backend.command("ALTER TABLE documents ADD CONSTRAINT short CHECK length(title) < 3", {})
    with pytest.raises(StoreError, match="is violated") as caught:
        store.documents.insert([scored(1)], token="one")
    assert not isinstance(caught.value, StoreUnavailableError)
    assert store.counts.totals().documents == 0


def test_a_block_over_too_many_partitions_is_refused_for_good(store: Store) -> None:
    """The same number as too many parts, 252, and no try will ever pass."""
    store._backend.command("CREATE TABLE split (at DateTime64(3, 'UTC')) ENGINE = MergeTree PARTITION BY at ORDER BY at", {})
    rows = [datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=number) for number in range(150)]
    with pytest.raises(StoreError, match="partitions for single INSERT block") as caught:
        store._backend.insert(Block("split", (("at", Cell.TIME),), [rows]), "token")
    store._backend.command("DROP TABLE split", {})
    assert not isinstance(caught.value, StoreUnavailableError)


def test_a_query_beyond_its_memory_or_time_is_unavailable(store: Store) -> None:
    for setting in ("max_memory_usage = 1000000", "max_execution_time = 0.001, timeout_overflow_mode = 'throw'"):
        with pytest.raises(StoreUnavailableError):
            store._backend.select(f"SELECT uniqExact(number), sleepEachRow(0.001) FROM numbers(1000000) SETTINGS {setting}", {})


def test_every_listed_code_is_named_as_clickhouse_names_it(store: Store) -> None:
    for code, name in {**TEMPORARY, **REFUSED, **MISSING}.items():
        ((found,),) = store._backend.select(f"SELECT errorCodeToName({code})", {})
        assert str(found) == name


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        *((code, f"Code: {code}. DB::Exception: {name}", StoreUnavailableError) for code, name in TEMPORARY.items()),
        *((code, f"Code: {code}. DB::Exception: {name}", StoreRefusedError) for code, name in REFUSED.items()),
        *((code, f"Code: {code}. DB::Exception: {name}", StoreError) for code, name in MISSING.items()),
        (76, "Code: 76. DB::ErrnoException: Cannot open file x: , errno: 24, strerror: Too many open files", StoreUnavailableError),
        (1001, "Code: 1001. DB::Exception: std::exception. filesystem error: No space left on device", StoreUnavailableError),
        (1001, "Code: 1001. DB::Exception: std::bad_alloc", StoreUnavailableError),
        (76, "Code: 76. DB::ErrnoException: Cannot open file x: , errno: 13, strerror: Permission denied", StoreError),
        (252, "Code: 252. DB::Exception: Too many partitions for single INSERT block (more than 100)", StoreError),
        (469, "Code: 469. DB::Exception: Constraint `short` for table is violated", StoreError),
        (774, "Code: 774. DB::Exception: TABLE_IS_PERMANENTLY_READ_ONLY", StoreError),
        (53, "Code: 53. DB::Exception: Type mismatch", StoreError),
    ],
)
def test_what_may_pass_is_tried_again_and_what_never_will_is_not(code: int, text: str, kind: type[Exception]) -> None:
    error = server_error("clickhouse://host/db", code, text, "an insert into documents")
    assert type(error) is kind


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["chdb", "server"])
def test_on_a_full_disk_what_is_acknowledged_is_stored_and_the_rest_arrives_with_space(tiny_disk: Path, kind: str) -> None:
    with opened(kind, tiny_disk / "store") as store:
        acknowledged = fill(store, tiny_disk / "ballast")
        assert store.counts.totals().documents == acknowledged
    (tiny_disk / "ballast").unlink()
    with opened(kind, tiny_disk / "store") as store:
        assert store.counts.totals().documents == acknowledged
        store.documents.insert([scored(acknowledged + row) for row in range(100)], token=str(acknowledged // 100))
        assert store.counts.totals().documents == acknowledged + 100


def fill(store: Store, ballast: Path) -> int:
    """Insert until the disk is full; return how many documents were acknowledged."""
    ballast.write_bytes(b"x" * 6 * MEGABYTE)
    store.schema.migrate()
    for number in range(400):
        try:
            store.documents.insert([scored(100 * number + row) for row in range(100)], token=str(number))
        except StoreUnavailableError:
            return 100 * number
    raise AssertionError("40,000 documents fitted; the disk is not tiny")
