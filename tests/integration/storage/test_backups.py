"""Backup and restore of real stores: what comes back is what was there."""

from __future__ import annotations

from pathlib import Path

import pytest

from squall import storage
from squall.app.store_backup import ARCHIVES, back_up, restore
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError, StoreError
from tests.integration.storage.samples import scored


def silent(done: int, files: int) -> None:
    assert 0 <= done <= files


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"))
    store = storage.open(settings.store_url)
    store.schema.migrate()
    store.documents.insert([scored(n) for n in range(200)], token="t")
    store.close()
    return settings


@pytest.mark.parametrize("name", ["folder", "it's one.tar.zst"], ids=["folder", "archive"])
def test_an_embedded_store_comes_back_with_all_its_rows(filled: Settings, tmp_path: Path, name: str) -> None:
    rows = back_up(filled, str(tmp_path / name), "backups", silent)
    assert rows["documents"] == 200
    assert (tmp_path / name).is_file() == name.endswith(ARCHIVES)
    fresh = Settings(data_dir=tmp_path / "fresh")
    assert restore(fresh, str(tmp_path / name), "backups", "", silent) == rows
    store = storage.open(fresh.store_url)
    try:
        assert store.schema.migrate() == []
        ((documents,),) = store.read("SELECT count() FROM documents")
        assert documents == 200
        store.documents.insert([scored(n) for n in range(195, 205)], token="u")
        ((documents,),) = store.read("SELECT count() FROM documents FINAL")
        assert documents == 205
    finally:
        store.close()


def test_nothing_is_overwritten(filled: Settings, tmp_path: Path) -> None:
    there = tmp_path / "there.tar"
    there.write_text("mine")
    with pytest.raises(ConfigurationError, match="exists"):
        back_up(filled, str(there), "backups", silent)
    assert there.read_text() == "mine"
    back_up(filled, str(tmp_path / "new.tar"), "backups", silent)
    with pytest.raises(StoreError, match="has tables already"):
        restore(filled, str(tmp_path / "new.tar"), "backups", "", silent)


def test_what_is_no_backup_is_said(filled: Settings, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        restore(filled, str(tmp_path / "missing.tar"), "backups", "", silent)
    (tmp_path / "broken.tar").write_bytes(b"no archive")
    with pytest.raises(StoreError, match="RESTORE failed"):
        restore(Settings(data_dir=tmp_path / "fresh"), str(tmp_path / "broken.tar"), "backups", "", silent)


def test_a_path_of_this_machine_is_no_name_on_the_disk_of_a_server(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path, "store": {"url": "clickhouse://squall@127.0.0.1:1/squall"}})
    with pytest.raises(ConfigurationError, match="name the backup relative to that disk"):
        back_up(settings, "/var/backups/today.tar.zst", "backups", silent)
