"""CSV: the records of a file, and what a stray quote costs.

A header line, one delimiter, `"` around values that hold the delimiter, quotes or line ends, `""` (or an escape character and `"`) for a
quote in such a value, any line end. A first line such as `sep=;` states the delimiter.
"""

from __future__ import annotations

import csv
import logging
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from squall.core.errors import InvalidRecordError
from squall.ingest.file import lines
from squall.ingest.file.columns import Columns
from squall.ingest.file.csv_dialect import Dialect, check_dialect, find_dialect, stated
from squall.ingest.file.lines import TextFile, decode, open_text, read_lines, too_long
from squall.ingest.file.rows import DamagedFileError, FileRow

log = logging.getLogger(__name__)

MAX_ROW_LINES = 5_000
"""The most lines of one record; more means a stray quote."""
_NULL = "\\N"
"""What PostgreSQL and MySQL write where there is no value."""
_REREAD_BYTES = 64 * 1024 * 1024
"""What may be read a second time because a quote was stray, and four times what has been read: a file in which every line leaves a quote
open would otherwise take time in proportion to its square."""


class CsvReader:
    """Reads CSV; a row's number is its record's, not counting the header. See `squall.ingest.file.rows.FileReader`.

    Args:
        path: the file.
        columns: checked against the header.
        encoding: empty: it is found.
        delimiter: empty: it is found.
        escape: character before a quote within quotes; empty: none.

    Raises:
        ConfigurationError: delimiter or escape is more than one character.
    """

    def __init__(self, path: Path, columns: Columns, encoding: str = "", delimiter: str = "", escape: str = "") -> None:
        check_dialect(delimiter, escape)
        self._path = path
        self._columns = columns
        self._encoding = encoding
        self._delimiter = delimiter
        self._escape = escape
        self._file: TextFile | None = None

    def rows(self, start: int) -> Iterator[FileRow]:
        """Yield a row per record."""
        self._file = file = open_text(self._path, self._encoding)
        usual = "\t" if ".tsv" in self._path.suffixes else ","
        dialect = find_dialect(file.beginning, usual, self._columns, self._delimiter, self._escape)
        level = logging.WARNING if file.form.guessed else logging.INFO
        log.log(level, "%s is CSV with the delimiter %r in %s", self._path, dialect.delimiter, file.form)
        self._check_header(dialect)
        return read_csv(file.content, start, file.form.line_encoding, dialect)

    def fraction(self) -> float:
        """Return how much of the file has been read, 0 to 1."""
        return self._file.fraction() if self._file else 0.0

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def _check_header(self, dialect: Dialect) -> None:
        file = open_text(self._path, self._encoding)
        try:
            header = csv_header(file.content, file.form.line_encoding, dialect)
        except DamagedFileError:
            return  # reported where the rows are read
        finally:
            file.close()
        if header:
            self._columns.require(header, str(self._path))


def read_csv(stream: BinaryIO, start: int, encoding: str, dialect: Dialect) -> Iterator[FileRow]:
    """Yield a row per record after record `start`; the header is not counted.

    A stray quote costs its own line, not the lines after it.

    Raises:
        DamagedFileError: the stream breaks off.
    """
    header: list[str] | None = None
    repeats = False
    number = 0
    for raw, values, error in _CsvRecords(stream, encoding, dialect):
        if header is None:
            if not stated(raw.decode("latin-1")):
                header = [name.strip() for name in values]
                repeats = len(set(header)) < len(header)
            continue
        number += 1
        if number <= start:
            continue
        if len(values) > len(header) and not any(values[len(header) :]):
            values = values[: len(header)]  # delimiters behind the last value, with nothing between them
        if error is None and len(values) != len(header):
            error = InvalidRecordError("broken_csv", f"the row has {len(values)} values, the header has {len(header)}")
        if error is not None:
            yield FileRow(number, raw, error=error)
            continue
        if _NULL in values:
            values = ["" if value == _NULL else value for value in values]
        yield FileRow(number, raw, _first_given(header, values) if repeats else dict(zip(header, values, strict=True)))


def _first_given(header: list[str], values: list[str]) -> dict[str, Any]:
    """Return the values of a row in which columns share a name: the first that is not empty counts."""
    row: dict[str, Any] = {}
    for name, value in zip(header, values, strict=True):
        row[name] = row.get(name) or value
    return row


def csv_header(stream: BinaryIO, encoding: str, dialect: Dialect) -> list[str]:
    """Return the column names, empty for an empty file.

    Raises:
        DamagedFileError: the stream breaks off.
    """
    for raw, values, error in _CsvRecords(stream, encoding, dialect):
        if not stated(raw.decode("latin-1")):
            return [] if error else [name.strip() for name in values]
    return []


class _Unterminated(Exception):  # noqa: N818 - control flow between `_CsvRecords` and csv's reader
    pass


class _CsvRecords:
    """Iterates (raw bytes, values, error); after an error it continues at the line after the one that began the record."""

    def __init__(self, stream: BinaryIO, encoding: str, dialect: Dialect) -> None:
        csv.field_size_limit(lines.MAX_ROW_BYTES)
        self._lines = read_lines(stream)
        self._encoding = encoding
        self._dialect = dialect
        self._pushed: deque[tuple[bytes, bool]] = deque()
        self._taken: list[tuple[bytes, bool]] = []
        self._reread = _REREAD_BYTES

    def __iter__(self) -> Iterator[tuple[bytes, list[str], InvalidRecordError | None]]:
        records = self._dialect.records(self._feed())
        while True:
            self._taken = []
            try:
                values = next(records)
            except StopIteration:
                return
            except (csv.Error, _Unterminated, InvalidRecordError) as error:
                records = self._dialect.records(self._feed())  # the error left its state in the other one
                first, rest = self._taken[0], self._taken[1:]
                self._reread -= sum(len(line) for line, _ in rest)
                self._pushed.extendleft(reversed(rest))
                yield first[0], [], error if isinstance(error, InvalidRecordError) else self._broken(first[0], error)
                continue
            raw = self._taken[0][0] if len(self._taken) == 1 else b"".join(line for line, _ in self._taken)
            if values:  # blank lines are not records
                yield raw, values, None

    def _broken(self, line: bytes, error: Exception) -> InvalidRecordError:
        escaped = not self._dialect.escape and b'\\"' in line
        hint = "; if a backslash stands for a quote's second quote, set --escape '\\'" if escaped else ""
        return InvalidRecordError("broken_csv", f"{error}{hint}")

    def _feed(self) -> Iterator[str]:
        size = 0
        while True:
            taken = self._take()
            if taken is None:
                if self._taken:
                    raise _Unterminated("a quoted value is not closed before the end of the file")
                return
            line, whole = taken
            size = len(line) if not self._taken else size + len(line)
            self._taken.append(taken)
            if not whole or size > lines.MAX_ROW_BYTES:
                raise too_long()
            if len(self._taken) > MAX_ROW_LINES or (len(self._taken) > 1 and size > self._reread):
                raise _Unterminated(f"a quoted value is not closed within {len(self._taken) - 1} lines")
            yield decode(line, self._encoding)

    def _take(self) -> tuple[bytes, bool] | None:
        if self._pushed:
            return self._pushed.popleft()
        read = next(self._lines, None)
        if read is None:
            return None
        self._reread += 4 * len(read[1])
        return read[1:]
