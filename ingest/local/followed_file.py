"""A file that grows, line by line, across its rotation and truncation."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

import xxhash

from squall.core.errors import UnavailableError
from squall.ingest.file.lines import MAX_ROW_BYTES

_HEAD_BYTES: Final = 1_024
_CHUNK: Final = 1 << 18
_KEPT_BYTES: Final = 65_536

State = Literal["same", "rotated", "truncated", "missing"]
Line = tuple[bytes, bool]
"""A line, and whether it is whole; of one longer than `MAX_ROW_BYTES` there is only the beginning."""


class FollowedFile:
    """One file, open until it is closed, whatever its name becomes.

    Args:
        file: open; closed with this.
        offset: where to go on.
    """

    def __init__(self, file: BinaryIO, offset: int = 0) -> None:
        status = os.fstat(file.fileno())
        self.identity = (status.st_dev, status.st_ino)
        self._file = file
        self._offset = offset
        """Up to where lines were delivered."""
        self._read_to = offset
        self._ready: deque[bytes] = deque()
        self._partial = b""
        self._skipping = False
        self._head = head_of(file, min(offset, _HEAD_BYTES))
        self.changed_ns = status.st_mtime_ns
        """When it had been written last at the time of the last read."""

    def lines(self, most: int) -> Iterator[Line]:
        """Yield the lines that are complete, at most `most`.

        Raises:
            UnavailableError: it can't be read.
        """
        count = 0
        while count < most:
            if self._ready:
                line = self._ready.popleft()
                self._offset += len(line) + 1
                if self._skipping:
                    self._skipping = False
                    continue
                count += 1
                yield line + b"\n", True
            elif len(self._partial) > MAX_ROW_BYTES:
                beginning, known = self._partial[:_KEPT_BYTES], self._skipping
                self._offset += len(self._partial)
                self._partial, self._skipping = b"", True
                if not known:
                    count += 1
                    yield beginning, False
            elif not self._read():
                return

    def rest(self) -> bytes:
        """Return what follows the last complete line: the last line of a file that nobody writes any more."""
        rest, self._partial = self._partial, b""
        self._offset += len(rest)
        return b"" if self._skipping else rest

    def position(self) -> dict[str, Any]:
        """Return what finds the file, and the place in it, again."""
        size, digest = self._head
        device, inode = self.identity
        place = {"device": device, "inode": inode, "offset": self._offset, "changed_ns": self.changed_ns}
        return {**place, "head_bytes": size, "head": digest}

    def state(self, path: Path) -> State:
        """Return what has become of the file that `path` names.

        Raises:
            UnavailableError: it can't be looked at.
        """
        try:
            status = path.stat()
        except FileNotFoundError:
            return "missing"
        except OSError as error:
            raise UnavailableError(f"{path} can't be read: {error.strerror}", "check its permissions") from error
        if (status.st_dev, status.st_ino) != self.identity:
            return "rotated"
        if status.st_size < self._read_to or head_of(self._file, self._head[0]) != self._head:
            return "truncated"
        return "same"

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def _read(self) -> bool:
        try:
            self.changed_ns = os.fstat(self._file.fileno()).st_mtime_ns  # before it is read: what is written then counts as unread
            chunk = os.pread(self._file.fileno(), _CHUNK, self._read_to)
            if chunk and head_of(self._file, self._head[0]) != self._head:  # cut and written anew, beyond where reading was
                return False
        except OSError as error:
            raise UnavailableError(f"a followed file can't be read: {error.strerror}", "check the disk") from error
        self._read_to += len(chunk)
        if chunk and self._head[0] < _HEAD_BYTES:
            self._head = head_of(self._file, min(self._read_to, _HEAD_BYTES))
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        self._ready.extend(lines)
        return bool(chunk)


def head_of(file: BinaryIO, size: int) -> tuple[int, str]:
    """Return `size` and a hash of so many bytes at the beginning: a file that only grows keeps it."""
    return size, xxhash.xxh3_64_hexdigest(os.pread(file.fileno(), size, 0))


def is_position_of(position: Mapping[str, Any], file: BinaryIO, *, copied: bool = False) -> bool:
    """Return whether `position` is a place in `file`; the number of a deleted file may be given to another one.

    Args:
        position: as `FollowedFile.position` returned it.
        file: open.
        copied: whether a copy counts as well, which has the beginning of the file and another number (`copytruncate`).
    """
    status = os.fstat(file.fileno())
    size, offset = position.get("head_bytes"), position.get("offset")
    if not isinstance(size, int) or not isinstance(offset, int) or not 0 <= size <= _HEAD_BYTES or not 0 <= offset <= status.st_size:
        return False
    same_place = (copied and size > 0) or (position.get("device"), position.get("inode")) == (status.st_dev, status.st_ino)
    return same_place and head_of(file, size) == (size, position.get("head"))
