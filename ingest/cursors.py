"""The position of each source, in one small JSON file per source."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from typing import Any

import orjson
import xxhash

from squall.core.config.files.permissions import private_folder
from squall.core.errors import ConfigurationError, DiskUnavailableError
from squall.core.net.addresses import redact_urls_in

log = logging.getLogger(__name__)

_TEMPORARY = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO, errno.EROFS}


class CursorStore:
    """Cursors in `folder`, replaced atomically: after a crash a file holds the old cursor or the new one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Return the file of the cursor `name` (any text). A URL in it is redacted; the hash still tells two of one name apart."""
        letters = "".join(each if each.isalnum() or each in "_.-" else " " for each in redact_urls_in(name))
        slug = "_".join(letters.split())[:60].strip("._") or "source"
        return self.folder / f"{slug}-{xxhash.xxh3_64_hexdigest(name.encode('utf-8', 'replace'))}.json"

    def load(self, name: str) -> dict[str, Any] | None:
        """Return the cursor, or None when there is none.

        A damaged cursor is logged and counts as none. The source then starts again; documents already stored are not counted twice.

        Raises:
            ConfigurationError: the file can't be read.
        """
        return self._read(self.path(name))

    def _read(self, path: Path) -> dict[str, Any] | None:
        try:
            data = orjson.loads(path.read_bytes())
        except FileNotFoundError:
            return None
        except orjson.JSONDecodeError:
            data = None
        except OSError as error:
            raise ConfigurationError(
                f"the cursor {path} can't be read: {error.strerror}", "check the permissions of SQUALL_DATA_DIR"
            ) from error
        if not isinstance(data, dict):
            log.warning("the cursor file is damaged; the source starts from the beginning", extra={"cursor": str(path)})
            return None
        return data

    def save(self, name: str, cursor: dict[str, Any]) -> None:
        """Replace the cursor; return when it is on disk.

        Raises:
            DiskUnavailableError: there is no space, or another lack that passes: try again.
            ConfigurationError: the folder can't be written.
        """
        path = self.path(name)
        temporary = path.with_suffix(".new")
        try:
            private_folder(self.folder)
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
            what = f"the cursor {path} can't be written: {error.strerror}"
            if error.errno in _TEMPORARY:
                raise DiskUnavailableError(what, "tried again until it passes; free disk space or descriptors") from error
            raise ConfigurationError(what, "check the permissions of SQUALL_DATA_DIR") from error

    def rename(self, old: str, new: str) -> None:
        """Take the cursor `old` over as `new`, unless there is a `new` one; afterwards `old` is gone.

        The old file is found by the hash at the end of its name, because earlier versions wrote the rest of it in other ways.

        Raises:
            ConfigurationError: the folder can't be read or written.
        """
        digest = xxhash.xxh3_64_hexdigest(old.encode("utf-8", "replace"))
        for path in sorted(self.folder.glob(f"*-{digest}.json")):
            cursor = self._read(path)
            if cursor is not None and not self.path(new).exists():
                self.save(new, cursor)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise ConfigurationError(
                    f"a cursor in {self.folder} can't be removed: {error.strerror}", "check the permissions of SQUALL_DATA_DIR"
                ) from error
