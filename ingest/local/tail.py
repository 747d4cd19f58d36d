"""A file that is followed while it is written, as `tail -F` does."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
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
from squall.ingest.local.row_options import RowOptions
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.source_type import SourceType
from squall.ingest.source import BATCH_ITEMS, OriginNumbers, Source, no_commit

log = logging.getLogger(__name__)

_QUIET_LOOKS: Final = 2
"""So often nothing may follow in a file that was renamed until it counts as finished: its writer may still have it open."""


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


class TailSource:
    """Delivers each complete line of the file, once.

    A file that is renamed is read to its end, its last line even without a line end, before the new one of that name; also if that
    happened while Squall was down, as long as the renamed file is in the same folder, begins with the same name and is not compressed.
    A file that is cut is read from its beginning.

    Raises:
        ConfigurationError: an option is wrong.
    """

    def __init__(self, options: TailOptions, context: SourceContext) -> None:
        self._options = options
        self._context = context
        self._rows = RowItems(options.file_options(), context.name)
        self._numbers = OriginNumbers(context.name, context.clock)
        self._file: FollowedFile | None = None
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
        """Deliver complete lines; see `squall.ingest.source.Source`.

        Raises:
            UnavailableError: the file can't be read now.
        """
        if not self._resume() and self._options.start == "end" and (first := self._opened(at_end=True)) is not None:
            self._file = first
            # a restart before its first line goes on from here, too
            yield Batch([], self._context.cursor.commit(first.position()), caught_up=True)
        quiet, behind = 0, False
        while not stop.is_set() and not self._closed.is_set():
            file = self._file = self._file or self._opened(at_end=False)
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
            if not self._context.wait(self._options.interval_seconds, stop):
                return

    def close(self) -> None:
        """Close the file."""
        self._closed.set()
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _end(self, file: FollowedFile) -> Batch | None:
        """Return None while the file goes on; else close it, and return its last line, if there is one."""
        state = file.state(self._options.path)
        if state in {"same", "missing"}:
            return None
        log.info("a followed file was %s", state, extra={"source": self.name, "path": str(self._options.path)})
        rest = file.rest() if state == "rotated" else b""
        position = file.position()
        self._file = None
        file.close()
        return self._batch([(rest, True)], position, caught_up=False) if rest.strip() else Batch([], no_commit, caught_up=False)

    def _resume(self) -> bool:
        """Open the file that the cursor is in, whatever its name is now; return whether there is a cursor."""
        position = self._context.cursor.load()
        if position is None:
            return False
        path = self._options.path
        candidates: list[Path] = [path]
        with suppress(OSError):
            candidates += sorted(each for each in path.parent.iterdir() if each != path and each.name.startswith(path.name))
        for candidate in candidates:
            try:
                opened = open_regular_file(candidate)
            except ConfigurationError:  # gone, a folder, not ours
                continue
            if is_position_of(position, opened):
                self._file = FollowedFile(opened, position["offset"])
                return True
            opened.close()
        if path.exists():
            log.warning("%s is another file than the last time; it is read from its beginning", path, extra={"source": self.name})
        return True

    def _opened(self, *, at_end: bool) -> FollowedFile | None:
        path = self._options.path
        if not path.exists():
            return None
        try:
            opened = open_regular_file(path)
        except ConfigurationError as error:
            if not path.exists():
                return None
            raise UnavailableError(error.what, error.hint) from error
        return FollowedFile(opened, opened.seek(0, 2) if at_end else 0)

    def _batch(self, lines: Sequence[Line], position: Mapping[str, Any], *, caught_up: bool) -> Batch:
        return Batch([item for line in lines for item in self._items(*line)], self._context.cursor.commit(position), caught_up)

    def _items(self, line: bytes, whole: bool) -> Iterator[Item]:
        rows: Any = read_jsonl(BytesIO(line), 0, self._options.encoding or "utf-8") if whole else [FileRow(1, line, error=too_long())]
        for row in rows:
            yield self._rows.item(row, self._numbers.next(), utc_ms(self._context.clock.now()))
