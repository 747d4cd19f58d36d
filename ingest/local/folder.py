"""A folder that is watched: each file in it is read once it is complete."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from squall.core.errors import ConfigurationError, InvalidRecordError
from squall.core.items import Batch, Item
from squall.ingest.file.source import FileSource
from squall.ingest.local.folder_position import FolderPosition
from squall.ingest.local.folder_scan import FolderScan, FoundFile
from squall.ingest.local.row_options import RowOptions
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.source_type import SourceType
from squall.ingest.source import OriginNumbers, Source, rejected

log = logging.getLogger(__name__)


class FolderOptions(RowOptions):
    """Options of the type `folder`."""

    path: Path = Field(description="the folder")
    pattern: str = Field("", description="of file names, with * and ?; empty: *.jsonl, *.csv, *.parquet and the like, also with .gz")
    recursive: bool = Field(False, description="folders below it, too")
    format: Literal["", "jsonl", "csv", "parquet"] = Field("", description="empty: by the extension")
    delimiter: str = Field("", description="of CSV; empty: it is found")
    escape: str = Field("", description="of CSV: character before a quote within quotes; empty: quotes are doubled")
    done: Path | None = Field(None, description="folder that files are moved to once they are read, relative to path; none: they stay")
    failed: Path | None = Field(
        None, description="folder for files that can't be read; none: they stay, and are read again when they change"
    )
    interval_seconds: Annotated[float, Field(gt=0)] = Field(2.0, description="pause between two looks into the folder")
    settle_seconds: Annotated[float, Field(ge=0)] = Field(2.0, description="a file is read when it has not changed for so long")


class FolderType(SourceType[FolderOptions]):
    """The type `folder`."""

    name: ClassVar[str] = "folder"
    summary: ClassVar[str] = "new JSONL, CSV and Parquet files in a folder, local or on a network drive"
    Options = FolderOptions
    example: ClassVar[str] = 'path = "/data/incoming"\ndone = "done"  # relative to path; without it files stay'

    def open(self, options: FolderOptions, context: SourceContext) -> Source:
        """Return the source; see `SourceType`."""
        return FolderSource(options, context)


class FolderSource:
    """Looks into the folder at an interval and delivers the rows of each new or changed file, in the order of their last changes.

    Looking, instead of being told by the kernel: network drives (NFS, SMB) tell nothing of what other machines write.

    Raises:
        ConfigurationError: an option is wrong.
    """

    def __init__(self, options: FolderOptions, context: SourceContext) -> None:
        self._options = options
        self._context = context
        self._files = options.file_options(format=options.format, delimiter=options.delimiter, escape=options.escape)
        self._numbers = OriginNumbers(context.name, context.clock)
        done, failed = (options.path / each if each is not None else None for each in (options.done, options.failed))
        self._position = FolderPosition(options.path, context.cursor, done, failed)
        self._scan = FolderScan(
            options.path,
            options.pattern,
            recursive=options.recursive,
            apart=tuple(each for each in (done, failed) if each is not None),
            settle_seconds=options.settle_seconds,
            clock=context.clock,
        )
        self._reading: FileSource | None = None
        self._closed = threading.Event()

    @property
    def name(self) -> str:
        """As in the list."""
        return self._context.name

    @property
    def live(self) -> bool:
        """True; see `squall.ingest.source.Source`."""
        return True

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver the rows of complete files; see `squall.ingest.source.Source`.

        Raises:
            UnavailableError: the folder can't be read now.
            ConfigurationError: there are too many files in it.
        """
        self._position.move_finished()
        while not stop.is_set() and not self._closed.is_set():
            complete, present = self._scan.look(self._position.known())
            self._position.forget_all_but(present)
            self._context.report.contact()
            for number, file in enumerate(complete, 1):
                yield from self._read(file, stop, last=number == len(complete))
                if stop.is_set() or self._closed.is_set():
                    return
            if not self._context.wait(self._options.interval_seconds, stop):
                return

    def close(self) -> None:
        """Close the file that is being read."""
        self._closed.set()
        if self._reading is not None:
            self._reading.close()

    def _read(self, file: FoundFile, stop: threading.Event, *, last: bool) -> Iterator[Batch]:
        path = self._options.path / file.path
        log.info("reading a file", extra={"source": self.name, "path": str(path)})
        finished = False
        try:
            source = self._reading = FileSource(
                path, self._context.clock, self._files, name=self.name, cursor=_RowPosition(self._position, file)
            )
            for batch in source.batches(stop):
                finished = batch.caught_up
                commit = self._position.finished(file, failed=bool(source.damage)) if finished else batch.commit
                yield Batch([self._numbered(item, file) for item in batch.items], commit, caught_up=finished and last)
        except ConfigurationError as error:
            if not path.exists():
                return  # taken away in the meantime
            log.error("%s: %s", self.name, error)  # noqa: TRY400 - says what is wrong with the file
            item = rejected(self._numbers.next(), InvalidRecordError("broken_file", str(error)), file.path.encode("utf-8", "replace"))
            yield Batch([item], self._position.finished(file, failed=True), caught_up=last)
            return
        if not finished and not stop.is_set() and not self._closed.is_set():  # nothing in it, or nothing new
            yield Batch([], self._position.finished(file, failed=bool(source.damage)), caught_up=last)

    def _numbered(self, item: Item, file: FoundFile) -> Item:
        """Return the item with an offset that grows across files; a rejection says where it is in which file."""
        rejection = item.rejection
        if rejection is not None:
            rejection = replace(rejection, detail=f"{rejection.detail} ({file.path}, row {item.origin.offset})")
        return item._replace(origin=self._numbers.next(), rejection=rejection)


class _RowPosition:
    """The cursor of one file of a folder, as of `squall.ingest.file.cursor.RowCursor`."""

    def __init__(self, position: FolderPosition, file: FoundFile) -> None:
        self._position = position
        self._file = file

    def load(self) -> int:
        return self._position.row(self._file)

    def commit(self, row: int) -> Callable[[], None]:
        return self._position.up_to(self._file, row)
