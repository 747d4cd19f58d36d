"""A folder that is watched: each file in it is read once it is complete."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from squall.core.config.files.regular import open_regular_file
from squall.core.errors import ConfigurationError, InvalidRecordError
from squall.core.items import Batch, Item
from squall.ingest.file.source import FileSource
from squall.ingest.local.folder_position import FolderPosition
from squall.ingest.local.folder_scan import FolderScan, FoundFile
from squall.ingest.local.row_options import RowOptions
from squall.ingest.registry.answer import SourceAnswer, answer_of
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.live import LiveSource
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

    def check(self, options: FolderOptions, context: SourceContext, stop: threading.Event, seconds: float) -> SourceAnswer:  # noqa: ARG002
        """Read the first rows of the newest file, without waiting until it is complete."""
        return FolderSource(options.model_copy(update={"settle_seconds": 0.0}), context).newest(stop)


class FolderSource(LiveSource):
    """Looks into the folder at an interval and delivers the rows of each new or changed file, in the order of their last changes.

    Looking, instead of being told by the kernel: network drives (NFS, SMB) tell nothing of what other machines write. A file that can't be
    opened, because of its permissions or because it is locked, is tried again at every look.

    Raises:
        ConfigurationError: an option is wrong.
    """

    def __init__(self, options: FolderOptions, context: SourceContext) -> None:
        super().__init__(context)
        self._options = options
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
            moved=done is not None,
            clock=context.clock,
        )
        self._closed_to_us: set[str] = set()
        """Files that could not be opened at the last look."""

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver the rows of complete files; see `squall.ingest.source.Source`.

        Raises:
            UnavailableError: the folder can't be read now, or there are too many files in it.
        """
        self._stop = stop
        self._position.move_finished()
        while not self._is_over():
            complete, present = self._scan.look(self._position.known())
            self._position.forget_all_but(present)
            self._context.report.contact()
            readable = self._readable(complete)
            for number, file in enumerate(readable, 1):
                yield from self._read(file, last=number == len(readable))
                if self._is_over():
                    return
            if not self._context.wait(self._options.interval_seconds, stop):
                return

    def newest(self, stop: threading.Event) -> SourceAnswer:
        """Return what the first rows of the newest file are, complete or not; files that were read stay out of it if they were moved."""
        found, _ = self._scan.look({})
        waiting = f"{len(found):,} files in {self._options.path}"
        if not found:
            what = self._options.pattern or "JSONL, CSV or Parquet"
            return SourceAnswer(detail=f"there is no file of {what} in {self._options.path} now; they are read as they come")
        path = self._options.path / found[-1].path
        source = FileSource(path, self._context.clock, self._files, name=self.name)
        try:
            items = next((batch.items for batch in source.batches(stop)), ())
        finally:
            source.close()
        damage = f"; {source.damage}" if source.damage else ""
        return answer_of(items, f"{waiting}, the newest is {found[-1].path}{damage}")

    def _readable(self, complete: Sequence[FoundFile]) -> list[FoundFile]:
        """Return the files that can be opened; say which can't, once."""
        before, self._closed_to_us = self._closed_to_us, set()
        readable = []
        for file in complete:
            why = self._refusal(file)
            if why is None:
                readable.append(file)
                continue
            self._closed_to_us.add(file.path)
            if file.path not in before:
                log.warning("%s; it is tried again at every look", why, extra={"source": self.name})
        if self._closed_to_us:
            self._context.report.failed(f"{len(self._closed_to_us):,} files can't be opened, {min(self._closed_to_us)} among them")
        return readable

    def _refusal(self, file: FoundFile) -> str | None:
        try:
            open_regular_file(self._options.path / file.path).close()
        except ConfigurationError as error:
            return error.what
        return None

    def _read(self, file: FoundFile, *, last: bool) -> Iterator[Batch]:
        path = self._options.path / file.path
        log.info("reading a file", extra={"source": self.name, "path": str(path)})
        finished, source = False, None
        try:
            source = FileSource(path, self._context.clock, self._files, name=self.name, cursor=_RowPosition(self._position, file))
            for batch in source.batches(self._stop):
                finished = batch.caught_up
                commit = self._position.finished(file, failed=bool(source.damage)) if finished else batch.commit
                yield Batch([self._numbered(item, file) for item in batch.items], commit, caught_up=finished and last)
                if self._closed:
                    return
        except ConfigurationError as error:
            if self._refusal(file) is not None:
                return  # taken away or locked in the meantime
            log.error("%s: %s", self.name, error)  # noqa: TRY400 - says what is wrong with the file
            item = rejected(self._numbers.next(), InvalidRecordError("broken_file", str(error)), file.path.encode("utf-8", "replace"))
            yield Batch([item], self._position.finished(file, failed=True), caught_up=last)
            return
        finally:
            if source is not None:
                source.close()
        if not finished and not self._is_over():  # nothing in it, or nothing new
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
