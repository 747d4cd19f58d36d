"""JSON lines: one JSON object per line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from squall.core.cleaning.foreign_json import parse_json
from squall.core.errors import ConfigurationError, InvalidRecordError
from squall.ingest.file.columns import Columns
from squall.ingest.file.lines import TextFile, decode, open_text, read_lines, too_long
from squall.ingest.file.rows import DamagedFileError, FileRow
from squall.ingest.file.text_form import UTF_8, TextForm

log = logging.getLogger(__name__)

_CHECKED_ROWS = 100
_OF_ARRAY = "convert it to JSON lines: jq -c '.[]'"
_COMMA = (",", ord(","))
_CHECKED_BYTES = 4_000_000


class JsonlReader:
    """Reads JSON lines; a row's number is its line's. See `squall.ingest.file.rows.FileReader`.

    Args:
        path: the file.
        columns: checked against the objects of the first lines.
        encoding: empty: it is found.
    """

    def __init__(self, path: Path, columns: Columns, encoding: str) -> None:
        self._path = path
        self._columns = columns
        self._encoding = encoding
        self._file: TextFile | None = None

    def rows(self, start: int) -> Iterator[FileRow]:
        """Yield a row per line that is not blank."""
        self._file = open_text(self._path, self._encoding)
        form = self._file.form
        if form != TextForm():
            log.log(logging.WARNING if form.guessed else logging.INFO, "%s is JSON lines in %s", self._path, form)
        return self._checked(read_jsonl(self._file.content, start, form.line_encoding))

    def fraction(self) -> float:
        """Return how much of the file has been read, 0 to 1."""
        return self._file.fraction() if self._file else 0.0

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def _checked(self, rows: Iterator[FileRow]) -> Iterator[FileRow]:
        """Yield `rows`, after checking that at least one of the first ones has the columns of a document."""
        first: list[FileRow] = []
        damage: DamagedFileError | None = None
        size = 0
        try:
            for row in rows:
                first.append(row)
                size += len(row.line)
                if len(first) == _CHECKED_ROWS or size > _CHECKED_BYTES:
                    break
        except DamagedFileError as error:
            damage = error
        if ".json" in self._path.suffixes and first and first[0].line.lstrip().startswith(b"["):
            raise ConfigurationError(f"{self._path} is one JSON array", _OF_ARRAY)
        names = list(dict.fromkeys(chain.from_iterable(row.columns for row in first if row.columns)))
        if names:
            self._columns.require(names, str(self._path))
        yield from first
        if damage:
            raise damage
        yield from rows


def read_jsonl(stream: BinaryIO, start: int, encoding: str) -> Iterator[FileRow]:
    """Yield a row per line after line `start` that is not blank; numbers count lines.

    Raises:
        DamagedFileError: the stream breaks off.
    """
    for number, line, whole in read_lines(stream):
        if number <= start or line.isspace():
            continue
        if not whole:
            yield FileRow(number, line, error=too_long())
            continue
        try:
            row = FileRow(number, line, _json_object(line, encoding))
        except InvalidRecordError as error:
            row = FileRow(number, line, error=error)
        yield row


def _json_object(line: bytes, encoding: str) -> dict[str, Any]:
    text = line if encoding == UTF_8 and line.isascii() else decode(line, encoding)
    try:
        data = parse_json(text)
    except InvalidRecordError:
        text = text.rstrip()
        if not text or text[-1] not in _COMMA:  # an array that was cut into lines
            raise
        data = parse_json(text[:-1])
    if not isinstance(data, dict):
        hint = f"; {_OF_ARRAY}" if isinstance(data, list) and data and isinstance(data[0], dict) else ""
        raise InvalidRecordError("not_an_object", f"expected a JSON object, got {type(data).__name__}{hint}")
    return data
