"""Standard input as a source: JSONL or CSV, plain or gzipped."""

from __future__ import annotations

import gzip
import io
import logging
import queue
import threading
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

from squall.core.clock import Clock
from squall.core.errors import ConfigurationError, InvalidRecordError
from squall.core.items import Batch, Item, Origin
from squall.core.records.fields import utc_ms
from squall.ingest.file.csv_dialect import find_dialect
from squall.ingest.file.csv_reader import read_csv
from squall.ingest.file.jsonl_reader import read_jsonl
from squall.ingest.file.other_kinds import refuse_beginning
from squall.ingest.file.row_items import FileOptions, RowItems
from squall.ingest.file.rows import DamagedFileError, FileRow
from squall.ingest.file.text_form import text_form
from squall.ingest.source import no_commit, rejected

log = logging.getLogger(__name__)

_WAIT_SECONDS: Final = 0.1
_SAMPLE_BYTES: Final = 65_536
_GZIP: Final = b"\x1f\x8b"
_DAMAGE: Final = (DamagedFileError, OSError, EOFError, zlib.error)


class StandardInputSource:
    """Delivers the rows of a stream as they come, until it ends. There is no position: what was read is not read again.

    The format is what the first character says, unless it is given: `{` begins JSON lines. Encoding and delimiter are found from what the
    stream's first read gives.

    Args:
        stream: its bytes.
        clock: gives `collected_at`.
        options: how to read it.

    Raises:
        ConfigurationError: an option is wrong, or the format is Parquet, which can't be read from a stream.
    """

    def __init__(self, stream: BinaryIO, clock: Clock, options: FileOptions) -> None:
        if options.format == "parquet":
            raise ConfigurationError("Parquet can't be read from standard input: its directory is at its end", "write it to a file first")
        self.damage = ""
        """Why the stream could not be read to its end, or why none of it is a document; empty if neither is so."""
        self._stream = stream
        self._options = options
        self._rows = RowItems(options, "stdin")
        self._clock = clock
        self._read: queue.Queue[FileRow | Exception | None] = queue.Queue(2 * options.batch_items)
        self._closed = threading.Event()

    @property
    def name(self) -> str:
        """`stdin`."""
        return "stdin"

    @property
    def live(self) -> bool:
        """False: it ends."""
        return False

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver rows as they come; see `squall.ingest.source.Source`.

        Raises:
            ConfigurationError: the header lacks the columns of a document, or it is a workbook, an archive or the like.
        """
        # a daemon: a read that waits for its writer can't be interrupted
        threading.Thread(target=self._fill, name="stdin", daemon=True).start()
        rows, documents, first = 0, 0, ""
        ended = False
        while not ended and not stop.is_set() and not self._closed.is_set():
            items: list[Item] = []
            while len(items) < self._options.batch_items and not stop.is_set():
                try:
                    row = self._read.get(timeout=_WAIT_SECONDS)
                except queue.Empty:
                    break
                if row is None:
                    ended = True
                    break
                item = self._item(row, rows)
                items.append(item)
                rows += isinstance(row, FileRow)
                documents += item.document is not None
                if item.rejection is not None and not first:
                    first = f"row {item.origin.offset}: {item.rejection.reason}: {item.rejection.detail}"
            if items and not stop.is_set():
                yield Batch(items, no_commit, caught_up=self._read.empty())
        if ended and not documents and not self.damage:
            what = f"none of the {rows} rows is a document, {first}" if rows else "there is no row of data in it"
            self.damage = f"standard input: {what}; check the format, encoding and columns: --format, --encoding, --delimiter, --map"

    def close(self) -> None:
        """Read no further."""
        self._closed.set()

    def _item(self, row: FileRow | Exception, number: int) -> Item:
        if isinstance(row, FileRow):
            return self._rows.item(row, Origin(self.name, 0, row.number), utc_ms(self._clock.now()))
        if not isinstance(row, _DAMAGE):
            raise row
        self.damage = f"standard input can't be read after row {number}: {row}"
        return rejected(Origin(self.name, 0, number + 1), InvalidRecordError("broken_file", self.damage), b"")

    def _fill(self) -> None:
        """Read the stream, on a thread of its own."""
        try:
            for row in self._parsed():
                self._put(row)
                if self._closed.is_set():
                    return
        except Exception as error:  # noqa: BLE001 - raised by `batches`
            self._put(error)
        self._put(None)

    def _put(self, row: FileRow | Exception | None) -> None:
        while not self._closed.is_set():
            try:
                self._read.put(row, timeout=_WAIT_SECONDS)
            except queue.Full:
                continue
            return

    def _parsed(self) -> Iterator[FileRow]:
        raw = io.BufferedReader(cast("io.RawIOBase", _Unbuffered(self._stream)), _SAMPLE_BYTES)
        content: BinaryIO = raw
        if raw.peek(2)[:2] == _GZIP:
            content = cast("BinaryIO", io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=raw)), _SAMPLE_BYTES))
        sample = content.peek(_SAMPLE_BYTES)  # type: ignore[attr-defined]
        refuse_beginning("standard input", sample)
        form = text_form(sample, self._options.encoding)
        beginning = sample.decode(form.encoding, "replace").removeprefix("\ufeff")
        lines = form.lines_of(content)
        kind = self._options.format or ("jsonl" if beginning.lstrip().startswith("{") else "csv")
        log.info("standard input is %s in %s", "JSON lines" if kind == "jsonl" else "CSV", form)
        if kind == "jsonl":
            yield from read_jsonl(lines, 0, form.line_encoding)
            return
        dialect = find_dialect(beginning.replace("\r\n", "\n"), ",", self._rows.columns, self._options.delimiter, self._options.escape)
        for number, row in enumerate(read_csv(lines, 0, form.line_encoding, dialect)):
            if not number and row.columns:
                self._rows.columns.require(list(row.columns), "standard input")
            yield row


class _Unbuffered(io.RawIOBase):
    """What `stream` has, as soon as it has anything: a writer may be slow."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        read = getattr(self._stream, "read1", self._stream.read)
        chunk = read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)
