"""A file as a source: JSONL, CSV or Parquet, gzipped or not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Literal

import xxhash

from squall.core.clock import Clock
from squall.core.delivery import Batch, Item, Origin
from squall.core.errors import ConfigurationError, InvalidRecordError
from squall.core.records import Kind
from squall.ingest.build import Defaults, build_document
from squall.ingest.columns import Columns
from squall.ingest.cursors import CursorStore
from squall.ingest.file import parquet, rows
from squall.ingest.source import BATCH_ITEMS, accepted, nothing, rejected
from squall.ingest.times import zone

log = logging.getLogger(__name__)

FORMATS: dict[str, str] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_PEEK_ROWS = 100
_PEEK_BYTES = 4_000_000
_IDENTITY_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How to read a file; nothing is needed for files with the usual column names.

    Args:
        format: `jsonl`, `csv` or `parquet`; empty: by extension.
        columns: field → column, where the name is not a known one (`squall.ingest.columns.ALIASES`).
        kind: of rows that do not say; None: social when the columns are a tweet's, else news.
        source: overrides the rows' own; empty: the row's `source`, else the file's name without extensions.
        timezone: of times without one: a zone's name, or `reject`.
        time_format: `strptime` format; empty: the known forms.
        encoding: of text files; an ASCII-compatible one.
        delimiter: of CSV; empty: tab for `.tsv`, else comma.
        batch_items: most items of one batch.
    """

    format: Literal["", "jsonl", "csv", "parquet"] = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    kind: Kind | Literal["news", "social"] | None = None
    source: str = ""
    timezone: str = "UTC"
    time_format: str = ""
    encoding: str = "utf-8"
    delimiter: str = ""
    batch_items: int = BATCH_ITEMS


class FileSource:
    """Delivers the rows of `path` in order; a bad row becomes a rejection with its number.

    Args:
        path: the file.
        clock: gives `collected_at`.
        options: how to read it.
        cursors: where the place is kept; None keeps none, and every run starts at the beginning.
        resume: go on after the last committed row when the file is still the same (size and content of both ends).

    Raises:
        ConfigurationError: the file is missing, a folder, of unknown format, or an option is wrong.
    """

    def __init__(
        self, path: Path, clock: Clock, options: FileOptions | None = None, cursors: CursorStore | None = None, *, resume: bool = True
    ) -> None:
        self.path = path
        self.options = options or FileOptions()
        self.damage = ""
        """Why the file could not be read to its end; empty while all is well."""
        self._clock = clock
        self._cursors = cursors
        self._resume = resume
        self._format = self.options.format or _format_of(path)
        self._columns = Columns(self.options.columns)
        self._naive = zone(self.options.timezone)
        self._stream: BinaryIO | None = None
        self._beneath: BinaryIO | None = None
        self._fraction = 0.0
        _check_encoding(self.options.encoding)
        self._identity = _identity(path)

    @property
    def name(self) -> str:
        """`file:` and the path as given: two files of one name are two streams."""
        return f"file:{self.path}"

    @property
    def live(self) -> bool:
        """False; see `squall.ingest.source.Source`."""
        return False

    @property
    def cursor_name(self) -> str:
        """The key of the cursor, the same from every working directory."""
        return f"file:{self.path.resolve()}"

    def fraction(self) -> float:
        """Return how much of the file was read, 0 to 1."""
        if self._beneath is not None and not self._beneath.closed:
            self._fraction = self._beneath.tell() / max(1, self.path.stat().st_size)
        return min(1.0, self._fraction)

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver the rows after the committed one; see `squall.ingest.source.Source`."""
        position = self._start()
        items: list[Item] = []
        try:
            for number, item in self._items(position):
                if stop.is_set():
                    return
                if len(items) == self.options.batch_items:
                    yield self._batch(items, position, caught_up=False)
                    items = []
                items.append(item)
                position = number
            if items and not stop.is_set():
                yield self._batch(items, position, caught_up=True)
            self._fraction = 1.0
        finally:
            self.close()

    def close(self) -> None:
        """Close the file."""
        for file in (self._stream, self._beneath):
            if file is not None:
                file.close()

    def _batch(self, items: list[Item], position: int, *, caught_up: bool) -> Batch:
        cursors = self._cursors
        if cursors is None:
            return Batch(items, nothing, caught_up)
        return Batch(items, lambda: cursors.save(self.cursor_name, {"identity": self._identity, "row": position}), caught_up)

    def _start(self) -> int:
        cursor = self._cursors.load(self.cursor_name) if self._cursors and self._resume else None
        if cursor is None:
            return 0
        row = cursor.get("row")
        if cursor.get("identity") != self._identity or not isinstance(row, int):
            log.info("the file changed since it was last read; starting from its beginning", extra={"path": str(self.path)})
            return 0
        return row

    def _items(self, start: int) -> Iterator[tuple[int, Item]]:
        """Yield (position to commit, item)."""
        position = start
        read = self._rows(start)
        try:
            for row in read:
                position = row.number
                yield position, self._item(row)
        except rows.DamagedFileError as error:
            self.damage = f"{self.path} can't be read after row {position}: {error}"
            log.error("%s", self.damage)  # noqa: TRY400 - the message says it all
            broken = InvalidRecordError("broken_file", self.damage)
            # the cursor stays at the last good row, for the mended file
            yield position, rejected(Origin(self.name, 0, position + 1), broken, b"")

    def _rows(self, start: int) -> Iterator[rows.Row]:
        if self._format == "parquet":
            self._columns.require(parquet.column_names(self.path), str(self.path))
            return parquet.read_parquet(self.path, start)
        self._stream, self._beneath = rows.open_stream(self.path)
        if self._format == "jsonl":
            return self._peeked(rows.read_jsonl(self._stream, start, self.options.encoding))
        self._require_header()
        return rows.read_csv(self._stream, start, self.options.encoding, self._delimiter())

    def _peeked(self, read: Iterator[rows.Row]) -> Iterator[rows.Row]:
        """Check the columns of the first rows that are objects: when none of them can give a document it is the wrong file."""
        first: list[rows.Row] = []
        damage: rows.DamagedFileError | None = None
        size = 0
        try:
            for row in read:
                first.append(row)
                size += len(row.line)
                if len(first) == _PEEK_ROWS or size > _PEEK_BYTES:
                    break
        except rows.DamagedFileError as error:
            damage = error
        if ".json" in self.path.suffixes and first and first[0].line.lstrip().startswith(b"["):
            raise ConfigurationError(f"{self.path} is one JSON array", "make it JSON lines: jq -c '.[]'")
        names = list(dict.fromkeys(chain.from_iterable(row.columns for row in first if row.columns)))
        if names:
            self._columns.require(names, str(self.path))
        yield from first
        if damage:
            raise damage
        yield from read

    def _require_header(self) -> None:
        stream, beneath = rows.open_stream(self.path)
        try:
            header = rows.csv_header(stream, self.options.encoding, self._delimiter())
        except rows.DamagedFileError:
            return  # reported where the rows are read
        finally:
            stream.close()
            beneath.close()
        if header:
            self._columns.require(header, str(self.path))

    def _delimiter(self) -> str:
        return self.options.delimiter or ("\t" if ".tsv" in self.path.suffixes else ",")

    def _item(self, row: rows.Row) -> Item:
        origin = Origin(self.name, 0, row.number)
        if row.error is not None or row.columns is None:
            return rejected(origin, row.error or InvalidRecordError("broken_row", "no columns"), row.raw)
        try:
            return accepted(origin, build_document(self._fields(row.columns), self._defaults(row.columns), self._clock.now()))
        except InvalidRecordError as error:
            return rejected(origin, error, row.raw)

    def _fields(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        fields = self._columns.fields(columns)
        if self.options.source:
            fields["source"] = self.options.source
        return fields

    def _defaults(self, columns: Mapping[str, Any]) -> Defaults:
        guess = Kind.SOCIAL if self._columns.looks_social(columns) else Kind.NEWS
        return Defaults(
            source=_stem(self.path), kind=Kind(self.options.kind or guess), naive=self._naive, time_format=self.options.time_format
        )


def _stem(path: Path) -> str:
    name = path.name.removesuffix(".gz")
    for suffix in FORMATS:
        name = name.removesuffix(suffix)
    return name or path.name


def _format_of(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    if suffixes and suffixes[-1] in FORMATS:
        return FORMATS[suffixes[-1]]
    raise ConfigurationError(f"{path}: the extension does not say what it holds", "use --format jsonl, csv or parquet")


def _check_encoding(encoding: str) -> None:
    try:
        plain = "{\n,".encode(encoding) == b"{\n,"
    except LookupError:
        plain = False
    if not plain:
        raise ConfigurationError(f"encoding {encoding!r} is unknown or not ASCII-compatible", "use utf-8, latin-1 or cp1252")


def _identity(path: Path) -> str:
    """Return the size and a hash of both ends: cheap, and different for a file that grew or was replaced."""
    stream, beneath = rows.open_stream(path)
    try:
        size = path.stat().st_size
        digest = xxhash.xxh3_64(beneath.read(_IDENTITY_BYTES))
        beneath.seek(max(0, size - _IDENTITY_BYTES))
        digest.update(beneath.read(_IDENTITY_BYTES))
        return f"{size}-{digest.hexdigest()}"
    finally:
        stream.close()
        beneath.close()
