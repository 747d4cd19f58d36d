"""A file as a source: JSONL, CSV or Parquet, gzipped or not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from squall.core.clock import Clock
from squall.core.display import visible
from squall.core.errors import InvalidRecordError
from squall.core.items import Batch, Item, Origin
from squall.core.records.fields import utc_ms
from squall.ingest.cursors import CursorStore
from squall.ingest.file.cursor import FileCursor, RowCursor
from squall.ingest.file.formats import format_of, is_blank, open_reader, stem
from squall.ingest.file.row_items import FileOptions, RowItems
from squall.ingest.file.rows import DamagedFileError, FileReader, FileRow
from squall.ingest.shared_ids import LOOKED_AT
from squall.ingest.source import rejected

__all__ = ["FileOptions", "FileSource"]

log = logging.getLogger(__name__)

_LOOKED_AT_BYTES = 4_000_000
_ROWS_A_TIME = 100
"""So many rows are collected at one time, that of the first."""


@dataclass(slots=True)
class _Tally:
    """What one run has read: from after row `start`, so many rows, how many of them are no documents, and why the first is none."""

    start: int
    rows: int = 0
    rejects: int = 0
    first: str = ""

    @property
    def documents(self) -> int:
        return self.rows - self.rejects

    def reject(self, number: int, item: Item) -> None:
        self.rejects += 1
        if item.rejection is not None and not self.first:
            self.first = f"row {number}: {item.rejection.reason}: {item.rejection.detail}"


class FileSource:
    """Delivers the rows of `path` in order; a bad row becomes a rejection with its number.

    Args:
        path: the file.
        clock: gives `collected_at`.
        options: how to read it.
        cursors: where the position is stored; None stores none, and every run starts at the beginning.
        resume: continue after the last committed row if the file is still the same (size and content of both ends).
        name: of the stream; empty: `file:` and the path.
        cursor: takes the place of `cursors`, for a source that reads several files.

    Raises:
        ConfigurationError: the file is missing, a folder, of unknown format, or an option is wrong.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        options: FileOptions | None = None,
        cursors: CursorStore | None = None,
        *,
        resume: bool = True,
        name: str = "",
        cursor: RowCursor | None = None,
    ) -> None:
        self.path = path
        self.options = options or FileOptions()
        self.damage = ""
        """Why the file could not be read to its end, or why none of it is a document; empty if neither is so."""
        self._clock = clock
        self._resume = resume
        self._format = self.options.format or format_of(path)
        self._rows = RowItems(self.options, name or stem(path))
        self._name = name or f"file:{path}"
        self._reader: FileReader | None = None
        self._fraction = 0.0
        self._cursor: RowCursor = cursor or FileCursor(path, cursors)

    @property
    def name(self) -> str:
        """`file:` and the path as given, so that two files of one name are two streams; or the name that it was given."""
        return self._name

    @property
    def live(self) -> bool:
        """False; see `squall.ingest.source.Source`."""
        return False

    def fraction(self) -> float:
        """Return how much of the file has been read, 0 to 1."""
        if self._reader is not None:
            self._fraction = self._reader.fraction()
        return self._fraction

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver the rows after the committed one; see `squall.ingest.source.Source`."""
        position = self._cursor.load() if self._resume else 0
        items: list[Item] = []
        tally = _Tally(position)
        try:
            for number, item in self._items(position, stop):
                if stop.is_set():
                    return
                tally.rows += 1
                if item.document is None:
                    tally.reject(number, item)
                if len(items) == self.options.batch_items:
                    yield Batch(items, self._cursor.commit(position), caught_up=False)
                    items = []
                items.append(item)
                position = number
            if not stop.is_set():
                self._report(tally)
            if items and not stop.is_set():
                yield Batch(items, self._cursor.commit(position), caught_up=True)
            self.close()
            self._fraction = 1.0
        finally:
            self.close()

    def close(self) -> None:
        """Close the file."""
        self.fraction()
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _report(self, tally: _Tally) -> None:
        """Say so when nothing of a file that is not empty is a document."""
        if tally.documents or tally.start or self.damage or (not tally.rows and is_blank(self._format, self.path)):
            return
        what = f"none of the {tally.rows} rows is a document, {tally.first}" if tally.rows else "there is no row of data in it"
        self.damage = f"{self.path}: {what}; check the format, encoding and columns: --format, --encoding, --delimiter, --map"
        log.error("%s", self.damage)

    def _items(self, start: int, stop: threading.Event) -> Iterator[tuple[int, Item]]:
        """Yield (row to commit, item)."""
        position = start
        self._reader = self._open(stop)
        try:
            for count, row in enumerate(self._judged(self._reader.rows(start), start, stop)):
                if count % _ROWS_A_TIME == 0:  # the clock, and times cut to milliseconds, cost more than the rows' own
                    now = utc_ms(self._clock.now())
                position = row.number
                yield position, self._rows.item(row, Origin(self._name, 0, row.number), now)
        except DamagedFileError as error:
            self.damage = f"{self.path} can't be read after row {position}: {error}"
            log.error("%s", self.damage)  # noqa: TRY400 - the message needs no traceback
            broken = InvalidRecordError("broken_file", self.damage)
            # the cursor stays at the last good row, where a repaired file continues
            yield position, rejected(Origin(self.name, 0, position + 1), broken, b"")

    def _open(self, stop: threading.Event) -> FileReader:
        options = self.options
        return open_reader(self._format, self.path, self._rows.columns, stop, options.encoding, options.delimiter, options.escape)

    def _judged(self, rows: Iterator[FileRow], start: int, stop: threading.Event) -> Iterator[FileRow]:
        """Yield `rows`, after their ids were judged by the beginning of the file, also where reading goes on in its middle."""
        beginning: list[FileRow] = []
        damage: DamagedFileError | None = None
        first = self._open(stop) if start else None
        try:
            size = 0
            for row in islice(first.rows(0) if first else rows, LOOKED_AT):
                beginning.append(row)
                size += len(row.raw)
                if size > _LOOKED_AT_BYTES:  # rows are held until then
                    break
        except DamagedFileError as error:
            damage = error
        finally:
            if first:
                first.close()
        for shared in sorted(self._rows.judge_ids(beginning)):
            what = "%s: rows that differ share the id %r, so it does not count; their links identify them, or their contents"
            log.warning(what, self.path, visible(shared, 40))
        if not first:
            yield from beginning
            if damage:
                raise damage
        yield from rows
