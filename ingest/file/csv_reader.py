"""Files as streams of rows: JSONL and CSV, plain or gzipped, in bounded memory, one bad row at a time."""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson

from squall.core.errors import ConfigurationError, InvalidRecordError

MAX_ROW_BYTES = 16 * 1024 * 1024
"""A longer row is rejected and skipped without being held in memory."""
MAX_ROW_LINES = 5_000
"""A CSV record may span this many lines; more means a stray quote."""
_KEPT_BYTES = 65_536

DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile, OSError)


class DamagedFileError(Exception):
    """The file can't be read further: truncated gzip, broken pages, a disk error."""


@dataclass(slots=True)
class Row:
    """One row: its number from 1, its columns, or why it has none."""

    number: int
    line: bytes
    """As it stands in the file; empty for Parquet."""
    columns: dict[str, Any] | None = None
    error: InvalidRecordError | None = None

    @property
    def raw(self) -> bytes:
        """The row for a dead letter."""
        return self.line or shown(self.columns or {})


def read_jsonl(stream: BinaryIO, start: int, encoding: str) -> Iterator[Row]:
    """Yield a row per non-blank line after line `start`; numbers count lines.

    Raises:
        DamagedFileError: the stream breaks off.
    """
    for number, line, whole in _lines(stream):
        if number <= start or not line.strip():
            continue
        if not whole:
            yield Row(number, line, error=_too_long())
            continue
        try:
            yield Row(number, line, _json_object(line, encoding))
        except InvalidRecordError as error:
            yield Row(number, line, error=error)


def read_csv(stream: BinaryIO, start: int, encoding: str, delimiter: str) -> Iterator[Row]:
    """Yield a row per record after record `start`; the header is not counted.

    A stray quote costs its own line, not the lines after it.

    Raises:
        DamagedFileError: the stream breaks off.
    """
    records = _CsvRecords(stream, encoding, delimiter)
    header: list[str] | None = None
    number = 0
    for raw, values, error in records:
        if header is None:
            header = [name.strip() for name in values]
            continue
        number += 1
        if number <= start:
            continue
        if error is None and len(values) != len(header):
            error = InvalidRecordError("broken_csv", f"row has {len(values)} values, the header {len(header)}")
        yield Row(number, raw, error=error) if error else Row(number, raw, dict(zip(header, values, strict=True)))


def csv_header(stream: BinaryIO, encoding: str, delimiter: str) -> list[str]:
    """Return the column names, empty for an empty file."""
    for _, values, error in _CsvRecords(stream, encoding, delimiter):
        return [] if error else [name.strip() for name in values]
    return []


def open_stream(path: Path) -> tuple[BinaryIO, BinaryIO]:
    """Open `path`, unpacking gzip by its first bytes; return the stream and the file beneath it (for its position).

    Raises:
        ConfigurationError: it is missing, a folder, unreadable, or UTF-16.
    """
    try:
        if path.is_dir():
            raise ConfigurationError(f"{path} is a folder", "name one file")
        beneath = path.open("rb")
    except FileNotFoundError:
        raise ConfigurationError(f"{path} does not exist", "correct the path") from None
    except OSError as error:
        raise ConfigurationError(f"{path} can't be opened: {error.strerror}", "check its permissions") from error
    head = beneath.read(2)
    beneath.seek(0)
    if head in (b"\xff\xfe", b"\xfe\xff"):
        beneath.close()
        raise ConfigurationError(f"{path} is UTF-16", "convert it: iconv -f UTF-16 -t UTF-8")
    # GzipFile itself, no buffer around it: a truncated file then gives every row before the break
    return (cast("BinaryIO", gzip.GzipFile(fileobj=beneath)), beneath) if head == b"\x1f\x8b" else (beneath, beneath)


def _too_long() -> InvalidRecordError:
    return InvalidRecordError("too_large", f"the row is longer than {MAX_ROW_BYTES} bytes")


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """Yield (line number, line or its beginning, is it whole); the UTF-8 byte order mark is dropped."""
    number = 0
    while True:
        try:
            line = stream.readline(MAX_ROW_BYTES + 1)
            whole = len(line) <= MAX_ROW_BYTES
            if not whole:
                rest = line
                while rest and not rest.endswith(b"\n"):
                    rest = stream.readline(1 << 20)
                line = line[:_KEPT_BYTES]
        except DAMAGE as error:
            raise DamagedFileError(f"{type(error).__name__}: {error}") from error
        if not line:
            return
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        yield number, line, whole


def _decode(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidRecordError("broken_encoding", f"byte {error.start} is not {encoding}; set the file's encoding") from error


def _json_object(line: bytes, encoding: str) -> dict[str, Any]:
    text = _decode(line, encoding)
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "surrogate" not in str(error):
            raise InvalidRecordError("broken_json", str(error)) from error
        data = _lenient(text)  # half an emoji: cleaning drops it, the rest is fine
    if not isinstance(data, dict):
        raise InvalidRecordError("not_an_object", f"expected a JSON object, got {type(data).__name__}")
    return data


def _lenient(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRecordError("broken_json", str(error)[:200]) from error


class _Unterminated(Exception):  # noqa: N818 - control flow between our iterator and csv's reader
    pass


class _CsvRecords:
    """Iterates (raw bytes, values, error); after an error it goes on at the line after the one that began the record."""

    def __init__(self, stream: BinaryIO, encoding: str, delimiter: str) -> None:
        csv.field_size_limit(MAX_ROW_BYTES)
        self._lines = _lines(stream)
        self._encoding = encoding
        self._delimiter = delimiter
        self._pushed: deque[tuple[bytes, bool]] = deque()
        self._taken: list[tuple[bytes, bool]] = []

    def __iter__(self) -> Iterator[tuple[bytes, list[str], InvalidRecordError | None]]:
        while True:
            self._taken = []
            try:
                # a reader per record: an error must not leave state behind
                values = next(csv.reader(self._feed(), delimiter=self._delimiter, strict=True))
            except StopIteration:
                return
            except (csv.Error, _Unterminated, InvalidRecordError) as error:
                first, rest = self._taken[0], self._taken[1:]
                self._pushed.extendleft(reversed(rest))
                reason = error if isinstance(error, InvalidRecordError) else InvalidRecordError("broken_csv", str(error))
                yield first[0], [], reason
                continue
            raw = b"".join(line for line, _ in self._taken)
            if values:  # blank lines are not records
                yield raw, values, None

    def _feed(self) -> Iterator[str]:
        size = 0
        while True:
            taken = self._take()
            if taken is None:
                if self._taken:
                    raise _Unterminated("a quoted value is not closed before the end of the file")
                return
            self._taken.append(taken)
            line, whole = taken
            size += len(line)
            if not whole or size > MAX_ROW_BYTES:
                raise _too_long()
            if len(self._taken) > MAX_ROW_LINES:
                raise _Unterminated(f"a quoted value is not closed within {MAX_ROW_LINES} lines")
            yield _decode(line, self._encoding)

    def _take(self) -> tuple[bytes, bool] | None:
        if self._pushed:
            return self._pushed.popleft()
        for _, line, whole in self._lines:
            return line, whole
        return None


def shown(columns: dict[str, Any]) -> bytes:
    """Return columns as bytes for a dead letter, whatever they hold."""
    try:
        return orjson.dumps(columns, default=str)
    except TypeError:  # half an emoji, a huge number
        return repr(columns).encode("utf-8", "replace")
