"""One row of a file, as every format's reader yields it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from squall.core.config.files.regular import open_regular_file
from squall.core.errors import InvalidRecordError
from squall.ingest.source import as_bytes


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


def open_data_file(path: Path) -> BinaryIO:
    """Open `path` for reading.

    Raises:
        ConfigurationError: as `open_regular_file`.
    """
    return open_regular_file(path, "write its content to a file, whose position can be remembered, or post it to the push endpoint")
