"""An embedded store that can't write says so: what was acknowledged is in the table, and what was not arrives later."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from squall import storage
from squall.core.errors import StoreError, StoreUnavailableError
from squall.storage import Store
from tests.integration.storage.samples import scored

MEGABYTE = 1_000_000
DISK = "16m"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = storage.open(f"chdb://{tmp_path / 'store'}")
    store.schema.migrate()
    yield store
    store.close()


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


@pytest.mark.slow
def test_on_a_full_disk_what_is_acknowledged_is_stored_and_the_rest_arrives_with_space(tiny_disk: Path) -> None:
    url = f"chdb://{tiny_disk / 'store'}?max_threads=1"
    ballast = tiny_disk / "ballast"
    ballast.write_bytes(b"x" * 6 * MEGABYTE)
    store = storage.open(url)
    store.schema.migrate()
    acknowledged, refused = 0, None
    for number in range(400):
        try:
            store.documents.insert([scored(100 * number + row) for row in range(100)], token=str(number))
        except StoreUnavailableError as error:
            refused = error
            break
        acknowledged += 100
    assert refused is not None, f"{acknowledged} documents fitted; the disk is not tiny"
    assert store.counts.totals().documents == acknowledged
    store.close()

    ballast.unlink()
    store = storage.open(url)
    assert store.counts.totals().documents == acknowledged
    store.documents.insert([scored(acknowledged + row) for row in range(100)], token=str(acknowledged // 100))
    assert store.counts.totals().documents == acknowledged + 100
    store.close()
