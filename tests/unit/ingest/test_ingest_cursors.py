from __future__ import annotations

from pathlib import Path

import pytest

from squall.core.errors import ConfigurationError, DiskUnavailableError
from squall.ingest.cursors import CursorStore


def test_a_cursor_comes_back_and_others_are_untouched(tmp_path: Path) -> None:
    store = CursorStore(tmp_path / "cursors")
    assert store.load("a") is None
    store.save("a", {"row": 1})
    store.save("b/../../c", {"row": 2})
    store.save("a", {"row": 3})
    assert CursorStore(tmp_path / "cursors").load("a") == {"row": 3}
    assert store.load("b/../../c") == {"row": 2}
    assert all(path.parent == tmp_path / "cursors" for path in tmp_path.rglob("*.json"))


def test_names_that_look_alike_have_cursors_of_their_own(tmp_path: Path) -> None:
    store = CursorStore(tmp_path)
    assert len({store.path(name) for name in ("a/b", "a b", "a?b", "a" * 100, "a" * 101)}) == 5


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_damaged_cursor_counts_as_none(tmp_path: Path, damage: bytes) -> None:
    store = CursorStore(tmp_path)
    store.save("a", {"row": 1})
    store.path("a").write_bytes(damage)
    assert store.load("a") is None


def test_a_crash_while_writing_leaves_the_old_cursor(tmp_path: Path) -> None:
    store = CursorStore(tmp_path)
    store.save("a", {"row": 1})
    store.path("a").with_suffix(".new").write_bytes(b'{"row"')
    assert store.load("a") == {"row": 1}


def test_a_folder_that_can_not_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="can't be written"):
        CursorStore(tmp_path / "file" / "cursors").save("a", {})


def test_a_full_disk_is_tried_again_and_the_old_cursor_stays(tmp_path: Path) -> None:
    store = CursorStore(tmp_path)
    store.save("feed", {"row": 1})
    full = store.path("feed").with_suffix(".new")
    full.symlink_to("/dev/full")
    with pytest.raises(DiskUnavailableError, match="No space left"):
        store.save("feed", {"row": 2})
    assert store.load("feed") == {"row": 1}
    full.unlink()
    store.save("feed", {"row": 2})
    assert store.load("feed") == {"row": 2}
