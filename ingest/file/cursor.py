"""How far a file has been read, and whether it is still the same file."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import xxhash

from squall.core.errors import ConfigurationError
from squall.ingest.cursors import CursorStore
from squall.ingest.file.rows import open_data_file
from squall.ingest.source import no_commit

log = logging.getLogger(__name__)

_IDENTITY_BYTES = 65_536


class RowCursor(Protocol):
    """How far a file has been read."""

    def load(self) -> int:
        """Return the last committed row; 0 when there is none."""

    def commit(self, row: int) -> Callable[[], None]:
        """Return the commit of a batch whose last row is `row`."""


class FileCursor:
    """The cursor of one file: the number of its last committed row, valid while the file is the same.

    Args:
        path: the file.
        cursors: where cursors are stored; None stores none.

    Raises:
        ConfigurationError: the file is missing, a folder, or unreadable.
    """

    def __init__(self, path: Path, cursors: CursorStore | None) -> None:
        self.name = f"file:{path.resolve()}"
        """The key of the cursor, the same from every working directory."""
        self._path = path
        self._cursors = cursors
        self._identity = _identity(path)

    def load(self) -> int:
        """Return the last committed row; 0 when there is none or the file has changed since."""
        cursor = self._cursors.load(self.name) if self._cursors else None
        if cursor is None:
            return 0
        row = cursor.get("row")
        if cursor.get("identity") != self._identity or not isinstance(row, int):
            log.info("the file has changed since it was last read; reading it from the beginning", extra={"path": str(self._path)})
            return 0
        return row

    def commit(self, row: int) -> Callable[[], None]:
        """Return the commit of a batch whose last row is `row`."""
        cursors = self._cursors
        return (lambda: cursors.save(self.name, {"identity": self._identity, "row": row})) if cursors else no_commit


def _identity(path: Path) -> str:
    """Return the size and a hash of both ends: cheap, and different for a file that grew or was replaced."""
    with open_data_file(path) as file:
        try:
            size = os.fstat(file.fileno()).st_size
            digest = xxhash.xxh3_64(file.read(_IDENTITY_BYTES))
            file.seek(max(0, size - _IDENTITY_BYTES))
            digest.update(file.read(_IDENTITY_BYTES))
        except OSError as error:
            raise ConfigurationError(f"{path} can't be read: {error.strerror or error}", "name a file of documents") from error
        return f"{size}-{digest.hexdigest()}"
