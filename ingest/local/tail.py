"""A file that is followed while it is written, as `tail -F` does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from squall.core.config.files.regular import open_regular_file
from squall.core.errors import ConfigurationError, UnavailableError
from squall.core.items import Batch, Item
from squall.core.records.fields import utc_ms
from squall.ingest.file.jsonl_reader import read_jsonl
from squall.ingest.file.lines import too_long
from squall.ingest.file.row_items import RowItems
from squall.ingest.file.rows import FileRow
from squall.ingest.local.followed_file import FollowedFile, Line, is_position_of
from squall.ingest.local.rotations import Rotation, after, rotations_of
from squall.ingest.local.row_options import RowOptions
from squall.ingest.registry.answer import SourceAnswer, answer_of
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.live import LiveSource
from squall.ingest.registry.source_type import SourceType
from squall.ingest.source import BATCH_ITEMS, OriginNumbers, Source, no_commit

log = logging.getLogger(__name__)

_QUIET_LOOKS: Final = 2
"""So often nothing may follow in a file that was renamed until it counts as finished: its writer may still have it open."""
_LAST_BYTES: Final = 65_536
"""How much of the end of a file is looked at by `squall ingest check`."""


class TailOptions(RowOptions):
    """Options of the type `tail`."""

    path: Path = Field(description="a file of JSON lines; it need not be there yet")
    start: Literal["beginning", "end"] = Field("beginning", description="where to begin in a file that is there at the first start")
    interval_seconds: Annotated[float, Field(gt=0)] = Field(0.5, description="pause between two looks at the file")


class TailType(SourceType[TailOptions]):
    """The type `tail`."""

    name: ClassVar[str] = "tail"
    summary: ClassVar[str] = "a file of JSON lines that another program appends to, across rotation and truncation"
    Options = TailOptions
    example: ClassVar[str] = 'path = "/var/log/collector/posts.jsonl"\nstart = "end"  # default: its beginning'

    def open(self, options: TailOptions, context: SourceContext) -> Source:
        """Return the source; see `SourceType`."""
        return TailSource(options, context)

    def check(self, options: TailOptions, context: SourceContext, stop: threading.Event, seconds: float) -> SourceAnswer:  # noqa: ARG002
        """Read the last lines of the file."""
        return TailSource(options, context).newest()


class TailSource(LiveSource):
    """Delivers each complete line of the file, once.

    A file that is renamed is read to its end, its last line even without a line end, before the next one of that name; also if that
    happened several times while Squall was down, as long as the renamed files are in the same folder and not compressed. What can't be
    read any more is a gap. A file that is cut is read from its beginning.

    Raises:
        ConfigurationError: an option is wrong.
    """

    def __init__(self, options: TailOptions, context: SourceContext) -> None:
        super().__init__(context)
        self._options = options
        self._rows = RowItems(options.file_options(), context.name)
        self._numbers = OriginNumbers(context.name, context.clock)
        self._file: FollowedFile | None = None
        self._next: list[Rotation] = []
        """What was renamed since, oldest first: to be read before the file of the name."""

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver complete lines; see `squall.ingest.source.Source`.

        Raises:
            UnavailableError: the file can't be read now.
        """
        self._stop = stop
        try:
            yield from self._follow()
        finally:
            if self._file is not None:
                self._file.close()

    def newest(self) -> SourceAnswer:
        """Return what the last lines of the file are; it need not be there."""
        path = self._options.path
        if not path.parent.is_dir():
            raise UnavailableError(f"the folder {path.parent} is not there", "correct path")
        file = self._opened(path, at_end=False)
        if file is None:
            return SourceAnswer(detail=f"{path} is not there yet; it is read from its beginning once it is")
        size = path.stat().st_size
        file.close()
        file = self._opened(path, offset=max(0, size - _LAST_BYTES))
        lines = list(file.lines(_LAST_BYTES)) if file is not None else []
        if file is not None:
            file.close()
        items = [item for line in lines[size > _LAST_BYTES :] for item in self._items(*line)]
        return answer_of(items, f"{size:,} bytes, looked at the last {len(items)} lines")

    def _follow(self) -> Iterator[Batch]:
        if not self._resume() and self._options.start == "end":
            first = self._file = self._opened(self._options.path, at_end=True)
            if first is not None:  # a restart before its first line goes on from here, too
                yield Batch([], self._context.cursor.commit(first.position()), caught_up=True)
        quiet, behind = 0, False
        while not self._is_over():
            file = self._file = self._file or self._following()
            if file is not None:
                self._context.report.contact()
                lines = list(file.lines(BATCH_ITEMS))
                if lines:
                    quiet = 0
                    behind = len(lines) == BATCH_ITEMS
                    yield self._batch(lines, file.position(), caught_up=not behind)
                    continue
                if behind:
                    behind = False
                    yield Batch([], no_commit, caught_up=True)
                quiet += 1
                if quiet >= _QUIET_LOOKS and (end := self._end(file)) is not None:
                    quiet, behind = 0, True
                    yield end
                    continue
            if not self._context.wait(self._options.interval_seconds, self._stop):
                return

    def _end(self, file: FollowedFile) -> Batch | None:
        """Return None while the file goes on; else close it, and return its last line, if there is one."""
        path = self._options.path
        state = file.state(path)
        if state == "same":
            return None
        if not self._next and state != "truncated":
            self._next = [each for each in after(rotations_of(path), file.identity, file.changed_ns) if not each.is_compressed]
        if state == "missing" and not self._next:
            return None  # its writer may go on with it
        log.info("a followed file was %s", state, extra={"source": self.name, "path": str(path)})
        rest = b"" if state == "truncated" else file.rest()
        position = {**file.position(), "ended": True}
        self._file = None
        file.close()
        return self._batch([(rest, True)] if rest.strip() else [], position, caught_up=False)

    def _resume(self) -> bool:
        """Open the file that the cursor is in, whatever its name is now; return whether there is a cursor."""
        position = self._context.cursor.load()
        if position is None:
            return False
        path = self._options.path
        found = rotations_of(path)
        for copied in (False, True):
            for candidate in [path, *(each.path for each in reversed(found) if not each.is_compressed)]:
                try:
                    opened = open_regular_file(candidate)
                except ConfigurationError:  # gone, a folder, not ours
                    continue
                if is_position_of(position, opened, copied=copied):
                    self._file = FollowedFile(opened, position["offset"])
                    if candidate != path:
                        self._next = after(found, self._file.identity, self._file.changed_ns)
                    return True
                opened.close()
        changed = position.get("changed_ns")
        if isinstance(changed, int):
            self._next = after(found, (0, 0), changed)
        if not position.get("ended") and (path.exists() or self._next):
            self._gap(f"the file that was read up to byte {position.get('offset')} is gone or was cut; what was added to it is missing")
        return True

    def _following(self) -> FollowedFile | None:
        """Return the file that comes after the one that was read: the oldest that was renamed since, else that of the name."""
        while self._next:
            rotation = self._next.pop(0)
            if rotation.is_compressed:
                self._gap(f"{rotation.path} is compressed and is not read")
                continue
            file = self._opened(rotation.path, at_end=False)
            if file is None:
                self._gap(f"{rotation.path} is gone")
                continue
            log.info("reading a file that was renamed", extra={"source": self.name, "path": str(rotation.path)})
            return file
        return self._opened(self._options.path, at_end=False)

    def _gap(self, what: str) -> None:
        self._context.report.gap()
        log.warning("lines of %s are missing: %s", self._options.path, what, extra={"source": self.name})

    def _opened(self, path: Path, *, at_end: bool = False, offset: int = 0) -> FollowedFile | None:
        if not path.exists():
            return None
        try:
            opened = open_regular_file(path)
        except ConfigurationError as error:
            if not path.exists():
                return None
            raise UnavailableError(error.what, error.hint) from error
        return FollowedFile(opened, opened.seek(0, 2) if at_end else offset)

    def _batch(self, lines: Sequence[Line], position: Mapping[str, Any], *, caught_up: bool) -> Batch:
        return Batch([item for line in lines for item in self._items(*line)], self._context.cursor.commit(position), caught_up)

    def _items(self, line: bytes, whole: bool) -> Iterator[Item]:
        rows: Any = read_jsonl(BytesIO(line), 0, self._options.encoding or "utf-8") if whole else [FileRow(1, line, error=too_long())]
        for row in rows:
            yield self._rows.item(row, self._numbers.next(), utc_ms(self._context.clock.now()))
