"""How far each source came, one small JSON file per source."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Any

import orjson
import xxhash

from squall.core.errors import ConfigurationError

log = logging.getLogger(__name__)


class CursorStore:
    """Cursors in `folder`, replaced atomically: a crash leaves the old one or the new one, never half of one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Return the file of the cursor `name` (any text)."""
        slug = re.sub(r"[^\w.-]+", "_", name)[:60].strip("._") or "source"
        return self.folder / f"{slug}-{xxhash.xxh3_64_hexdigest(name.encode('utf-8', 'replace'))}.json"

    def load(self, name: str) -> dict[str, Any] | None:
        """Return the cursor, or None when there is none.

        A damaged one counts as none, with a warning: the source then delivers again what was stored already, which is harmless.

        Raises:
            ConfigurationError: the file can't be read.
        """
        path = self.path(name)
        try:
            data = orjson.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except orjson.JSONDecodeError:
            data = None
        except OSError as error:
            raise ConfigurationError(
                f"cursor {path} can't be read: {error.strerror}", "check the permissions of the data folder"
            ) from error
        if not isinstance(data, dict):
            log.warning("cursor is damaged; the source starts from its beginning", extra={"cursor": str(path)})
            return None
        return data

    def save(self, name: str, cursor: dict[str, Any]) -> None:
        """Replace the cursor; returns when it is on disk.

        Raises:
            ConfigurationError: the folder can't be written.
        """
        path = self.path(name)
        temporary = path.with_suffix(".new")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as file:
                file.write(orjson.dumps(cursor))
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)  # the rename itself
            finally:
                os.close(folder)
        except OSError as error:
            raise ConfigurationError(
                f"cursor {path} can't be written: {error.strerror}", "free space or correct the data folder"
            ) from error
