"""One row of a file, as every format's reader yields it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import orjson

from squall.core.errors import ConfigurationError, InvalidRecordError


class DamagedFileError(Exception):
    """The file can't be read to its end: truncated gzip, undecodable pages, a disk error."""


@dataclass(slots=True)
class FileRow:
    """One row: its number from 1, and either its columns or the error that it has instead."""

    number: int
    line: bytes
    """The bytes of the row in the file; empty for Parquet."""
    columns: dict[str, Any] | None = None
    error: InvalidRecordError | None = None

    @property
    def raw(self) -> bytes:
        """The row as the content of a dead letter."""
        return self.line or as_bytes(self.columns or {})


class FileReader(Protocol):
    """Reads one file of one format, once."""

    def rows(self, start: int) -> Iterator[FileRow]:
        """Yield the rows after row `start`, in bounded memory.

        Raises:
            ConfigurationError: the file can't be opened, is not of this format, or lacks the columns of a document.
            DamagedFileError: the file breaks off; raised after the last row that can be read.
        """

    def fraction(self) -> float:
        """Return how much of the file has been read, 0 to 1."""

    def close(self) -> None:
        """Close the file; safe to call twice."""


def open_regular_file(path: Path) -> BinaryIO:
    """Open `path` for reading; return at once whatever it is: a named pipe whose other end never speaks would hold everything up.

    Raises:
        ConfigurationError: it is missing, unreadable, or no regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ConfigurationError(f"{path} does not exist", "correct the path") from None
    except (OSError, ValueError) as error:
        kind = _kind(path)
        if kind:
            raise _not_regular(path, kind) from None
        raise ConfigurationError(f"{path} can't be opened: {getattr(error, 'strerror', None) or error}", "check its permissions") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise _not_regular(path, _KINDS.get(stat.S_IFMT(mode), "special file"))
    return os.fdopen(descriptor, "rb")


def _kind(path: Path) -> str:
    """Return what `path` is where that can't be opened; empty for a regular file."""
    try:
        return _KINDS.get(stat.S_IFMT(path.stat().st_mode), "")
    except (OSError, ValueError):
        return ""


def _not_regular(path: Path, kind: str) -> ConfigurationError:
    if kind == "folder":
        return ConfigurationError(f"{path} is a folder", "name one file")
    return ConfigurationError(
        f"{path} is a {kind}, not a regular file: nothing is read from it",
        "write its content to a file, whose position can be remembered, or post it to the push endpoint",
    )


_KINDS: Final = {
    stat.S_IFDIR: "folder",
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


def as_bytes(columns: Mapping[str, Any]) -> bytes:
    """Return columns as JSON, or as Python's `repr` if JSON can't express them (lone surrogates, integers beyond 64 bits)."""
    try:
        return orjson.dumps(columns, default=str)
    except TypeError:
        return repr(columns).encode("utf-8", "replace")
