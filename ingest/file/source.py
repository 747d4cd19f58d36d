"""A file as a source: JSONL, CSV or Parquet, gzipped or not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

from squall.core.clock import Clock
from squall.core.errors import InvalidRecordError
from squall.core.items import Batch, Item, Origin
from squall.core.records import Kind
from squall.core.records.fields import utc_ms
from squall.ingest.cursors import CursorStore
from squall.ingest.documents import Defaults, build_document
from squall.ingest.file.columns import Columns
from squall.ingest.file.csv_dialect import check_dialect
from squall.ingest.file.cursor import FileCursor
from squall.ingest.file.formats import Format, format_of, is_blank, open_reader, stem
from squall.ingest.file.lines import check_encoding
from squall.ingest.file.rows import DamagedFileError, FileReader, FileRow
from squall.ingest.publication_time import zone
from squall.ingest.source import BATCH_ITEMS, accepted, rejected

log = logging.getLogger(__name__)

_ROWS_A_TIME = 100
"""So many rows are collected at one time, that of the first."""


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How to read a file; files with the usual column names need no options.

    Args:
        format: `jsonl`, `csv` or `parquet`; empty: by extension.
        columns: field → column, where the name is not a known one (`squall.ingest.file.columns.ALIASES`).
        kind: kind of rows without one; None: social when the columns are a tweet's, else news.
        source: overrides the rows' own; empty: the row's `source`, else the file's name without extensions.
        timezone: zone of times without one: a zone's name, or `reject`.
        time_format: `strptime` format; empty: the known forms.
        encoding: of text files; empty: it is found.
        delimiter: of CSV; empty: it is found.
        escape: of CSV: character before a quote within quotes, such as a backslash; empty: quotes are doubled.
        batch_items: the most items of one batch.
    """

    format: Format | Literal[""] = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    kind: Kind | Literal["news", "social"] | None = None
    source: str = ""
    timezone: str = "UTC"
    time_format: str = ""
    encoding: str = ""
    delimiter: str = ""
    escape: str = ""
    batch_items: int = BATCH_ITEMS


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

    Raises:
        ConfigurationError: the file is missing, a folder, of unknown format, or an option is wrong.
    """

    def __init__(
        self, path: Path, clock: Clock, options: FileOptions | None = None, cursors: CursorStore | None = None, *, resume: bool = True
    ) -> None:
        self.path = path
        self.options = options or FileOptions()
        self.damage = ""
        """Why the file could not be read to its end, or why none of it is a document; empty if neither is so."""
        self._clock = clock
        self._resume = resume
        self._format = self.options.format or format_of(path)
        self._columns = Columns(self.options.columns)
        defaults = Defaults(source=stem(path), naive=zone(self.options.timezone), time_format=self.options.time_format)
        self._name = f"file:{path}"
        self._news, self._social = (replace(defaults, kind=Kind(self.options.kind or kind)) for kind in (Kind.NEWS, Kind.SOCIAL))
        self._reader: FileReader | None = None
        self._fraction = 0.0
        check_encoding(self.options.encoding)
        check_dialect(self.options.delimiter, self.options.escape)
        self._cursor = FileCursor(path, cursors)

    @property
    def name(self) -> str:
        """`file:` and the path as given: two files of one name are two streams."""
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
        dialect = (self.options.encoding, self.options.delimiter, self.options.escape)
        self._reader = open_reader(self._format, self.path, self._columns, stop, *dialect)
        try:
            for count, row in enumerate(self._reader.rows(start)):
                if count % _ROWS_A_TIME == 0:  # the clock, and times cut to milliseconds, cost more than the rows' own
                    now = utc_ms(self._clock.now())
                position = row.number
                yield position, self._item(row, now)
        except DamagedFileError as error:
            self.damage = f"{self.path} can't be read after row {position}: {error}"
            log.error("%s", self.damage)  # noqa: TRY400 - the message needs no traceback
            broken = InvalidRecordError("broken_file", self.damage)
            # the cursor stays at the last good row, where a repaired file continues
            yield position, rejected(Origin(self.name, 0, position + 1), broken, b"")

    def _item(self, row: FileRow, collected_at: datetime) -> Item:
        origin = Origin(self._name, 0, row.number)
        if row.error is not None or row.columns is None:
            return rejected(origin, row.error or InvalidRecordError("broken_row", "the row has no columns"), row.raw)
        try:
            layout = self._columns.layout(row.columns)
            fields = layout.fields(row.columns)
            defaults = self._social if layout.social else self._news
            if self.options.source:
                fields = {**fields, "source": self.options.source}
            if layout.time and (spread := layout.time.joined(row.columns, self.options.time_format)):
                fields, defaults = {**fields, "published_at": spread}, replace(defaults, time_format="")
            return accepted(origin, build_document(fields, defaults, collected_at))
        except InvalidRecordError as error:
            return rejected(origin, error, row.raw)
