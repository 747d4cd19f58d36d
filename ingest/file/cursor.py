"""How far a file has been read, and whether it is still the same file."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import xxhash

from squall.ingest.cursors import CursorStore
from squall.ingest.file.lines import open_text
from squall.ingest.source import no_commit

log = logging.getLogger(__name__)

_IDENTITY_BYTES = 65_536


class FileCursor:
    """The cursor of one file: the number of its last committed row, valid while the file is the same.

    Args:
        path: the file.
        cursors: where cursors are stored; None stores none.

    Raises:
        ConfigurationError: the file is missing, a folder, unreadable, or UTF-16.
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
    file = open_text(path)
    try:
        digest = xxhash.xxh3_64(file.raw.read(_IDENTITY_BYTES))
        file.raw.seek(max(0, file.size - _IDENTITY_BYTES))
        digest.update(file.raw.read(_IDENTITY_BYTES))
        return f"{file.size}-{digest.hexdigest()}"
    finally:
        file.close()
