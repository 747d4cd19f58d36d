"""Embedded stores with all tables, as copies of one folder: a copy costs a quarter of the migrations."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from squall import storage
from squall.storage import Store


def open_migrated(folder: Path | str, max_threads: int = 1, **options: Any) -> Store:
    """Open a store of its own in `folder`, with all tables and no rows.

    Args:
        folder: must not exist, or be empty.
        max_threads: of a query.
        options: of `squall.storage.open`.
    """
    copy_migrated(folder)
    return storage.open(f"chdb://{folder}?max_threads={max_threads}", **options)


def copy_migrated(folder: Path | str) -> None:
    """Put a store with all tables and no rows into `folder`, for a process to open; this one must have no other open."""
    shutil.copytree(_migrated(), folder, symlinks=True, dirs_exist_ok=True)


@cache
def _migrated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="squall-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = storage.open(f"chdb://{folder}/store?max_threads=1")
    store.schema.migrate()
    store.close()
    return folder / "store"
