"""Folders are made for their owner; what is open to every user of the machine is named, with its mode."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from squall.core.config.files.permissions import permission_warnings, private_folder
from squall.core.config.settings import IngestSettings, KafkaSettings, Settings, StoreSettings


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everyone may enter; pytest's own are private."""
    folder = Path(tempfile.mkdtemp(prefix="squall-permissions-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_a_new_folder_and_those_above_it_are_private(tmp_path: Path, umask: int) -> None:
    (tmp_path / "known").mkdir()
    before = mode(tmp_path / "known")
    old = os.umask(umask)
    try:
        private_folder(tmp_path / "known" / "data" / "cursors")
        private_folder(tmp_path / "known" / "data" / "cursors")
    finally:
        os.umask(old)
    assert mode(tmp_path / "known") == before
    assert mode(tmp_path / "known" / "data") == mode(tmp_path / "known" / "data" / "cursors") == 0o700


def test_a_file_in_the_place_of_a_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        private_folder(tmp_path / "file")
    with pytest.raises(OSError, match="file"):
        private_folder(tmp_path / "file" / "below")


def test_what_others_can_read_is_named_with_its_mode_and_what_they_can_not_is_not(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, key, store_key, feeds, config = (shared / name for name in ("data", "kafka.key", "store.key", "feeds.toml", "squall.toml"))
    sources = shared / "sources.toml"
    sources.write_text('[[source]]\npassword = "p"\n')
    data.mkdir(mode=0o755)
    key.write_text("key")
    store_key.write_text("key")
    feeds.write_text('[[feed]]\nurl = "https://u:p@host/feed"\n')
    config.write_text('[kafka]\npassword = "p"\n')
    secrets = shared / "secrets"
    secrets.mkdir(mode=0o755)
    (secrets / "SQUALL_WEB__TOKEN").write_text("t")
    monkeypatch.setenv("SQUALL_SECRETS_DIR", str(secrets))
    settings = Settings(
        data_dir=data,
        ingest=IngestSettings(feeds=feeds, sources=sources),
        store=StoreSettings(url=SecretStr(f"clickhouses://host/db?keyfile={store_key}")),
    ).model_copy(update={"kafka": KafkaSettings.model_construct(key_file=key)})
    files = [key, store_key, feeds, sources, config, secrets / "SQUALL_WEB__TOKEN"]
    for file in files:
        file.chmod(0o644)
    found = permission_warnings(settings, config)
    assert len(found) == 1 + len(files)
    assert f"{data} is open to every user of this machine (mode 0755)" in found[0]
    for file in files:
        assert any(f"{file} holds" in line and "mode 0644" in line for line in found), file

    for file in files:
        file.chmod(0o640)  # a group is a choice
    data.chmod(0o750)
    assert permission_warnings(settings, config) == []

    for file in (*files, data):
        file.chmod(0o777)
    shared.chmod(0o700)  # nobody else gets there
    assert permission_warnings(settings, config) == []


def test_the_volumes_of_kubernetes_give_no_warning(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Secret is a folder of links through `..data`, readable by all inside the container."""
    (shared / "..2026").mkdir(mode=0o755)
    (shared / "..2026" / "SQUALL_WEB__TOKEN").write_text("t")
    (shared / "..2026" / "SQUALL_WEB__TOKEN").chmod(0o644)
    (shared / "..data").symlink_to("..2026")
    (shared / "SQUALL_WEB__TOKEN").symlink_to("..data/SQUALL_WEB__TOKEN")
    monkeypatch.setenv("SQUALL_SECRETS_DIR", str(shared))
    assert permission_warnings(Settings(data_dir=shared / "none"), None) == []


def test_files_without_secrets_and_files_that_are_broken_give_no_warning(shared: Path) -> None:
    config = shared / "squall.toml"
    settings = Settings(data_dir=shared / "none")
    for text in (
        '[[source]]\npassword = "secret:desk"\n',
        '[kafka]\ngroup_id = "desk"\n[alerts]\nlink_base = "https://host/page"\n',
        "broken = ",
        "a = " + "[" * 100_000,
    ):
        config.write_text(text)
        config.chmod(0o644)
        assert permission_warnings(settings, config) == []
