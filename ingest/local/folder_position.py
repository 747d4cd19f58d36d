"""How far a folder has been read: which files are done, and the row in the one that is being read. What is kept is moved or left."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from squall.core.config.files.permissions import private_folder
from squall.ingest.local.folder_scan import FoundFile, Signature
from squall.ingest.registry.context import SourceCursor

log = logging.getLogger(__name__)


class FolderPosition:
    """The cursor of a folder. Its commits may run on another thread than the rest.

    Args:
        folder: the folder.
        cursor: where it is stored.
        done: folder that files go to once they are read; None: they stay.
        failed: folder that files which can't be read go to; None: they stay.
    """

    def __init__(self, folder: Path, cursor: SourceCursor, done: Path | None, failed: Path | None) -> None:
        self._folder = folder
        self._cursor = cursor
        self._done_folder = done
        self._failed_folder = failed
        self._lock = threading.Lock()
        saved = cursor.load() or {}
        self._finished = {path: signature for path, value in _items(saved, "finished") if (signature := _signature(value))}
        self._reading: dict[str, Any] = saved["reading"] if isinstance(saved.get("reading"), dict) else {}
        self._delivered: dict[str, Signature] = {}

    def known(self) -> Mapping[str, Signature]:
        """Return the files that are not read again unless they change."""
        with self._lock:
            return self._finished | self._delivered

    def forget_all_but(self, present: set[str]) -> None:
        """Forget files that are gone."""
        with self._lock:
            for known in (self._finished, self._delivered):
                for path in known.keys() - present:
                    del known[path]

    def row(self, file: FoundFile) -> int:
        """Return the last committed row of a file that was not read to its end; 0 if it is another one, or has changed."""
        with self._lock:
            reading, row = self._reading, self._reading.get("row")
            same = reading.get("path") == file.path and _signature(reading.get("signature")) == file.signature
        return row if same and isinstance(row, int) else 0

    def up_to(self, file: FoundFile, row: int) -> Callable[[], None]:
        """Return the commit of a batch that ends with `row`."""

        def commit() -> None:
            with self._lock:
                self._reading = {"path": file.path, "signature": file.signature, "row": row}
                self._save()

        return commit

    def finished(self, file: FoundFile, *, failed: bool) -> Callable[[], None]:
        """Return the commit of the last batch of a file."""
        self._delivered[file.path] = file.signature

        def commit() -> None:
            with self._lock:
                self._finished[file.path] = file.signature
                self._reading = {}
                self._save()
            self._move(file, self._failed_folder if failed else self._done_folder)

        return commit

    def move_finished(self) -> None:
        """Move what was finished and not moved, because the process ended in between."""
        if self._done_folder is not None:
            for path, signature in list(self._finished.items()):
                self._move(FoundFile(path, signature), self._done_folder)

    def _save(self) -> None:
        self._cursor.save({"finished": self._finished, "reading": self._reading})

    def _move(self, file: FoundFile, target: Path | None) -> None:
        source = self._folder / file.path
        try:
            status = source.stat()
            if target is None or (status.st_size, status.st_mtime_ns) != file.signature:
                return  # written again in the meantime: it is read again
            place = _free(target / file.path)
            private_folder(place.parent)
            try:
                os.replace(source, place)  # noqa: PTH105 - raises EXDEV for another file system, where `shutil` copies
            except OSError:
                shutil.move(source, place)
        except FileNotFoundError:
            return
        except OSError as error:
            log.error("%s is read, but can't be moved to %s: %s", source, target, error.strerror or error)  # noqa: TRY400 - it says why


def _free(place: Path) -> Path:
    """Return `place`, or a name beside it if there is a file already."""
    number, free = 1, place
    while free.exists():
        free = place.with_name(f"{number}-{place.name}")
        number += 1
    return free


def _items(saved: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
    found = saved.get(key)
    return list(found.items()) if isinstance(found, dict) else []


def _signature(value: Any) -> Signature | None:
    if isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(part, int) for part in value):
        return value[0], value[1]
    return None
