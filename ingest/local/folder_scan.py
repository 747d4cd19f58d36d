"""Which files of a folder are there, and which of them nobody writes any more."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from squall.core.clock import Clock
from squall.core.errors import UnavailableError
from squall.ingest.file.formats import FORMATS

MOST_FILES: Final = 20_000
"""Each file that stays in the folder is remembered."""
_PARTIAL: Final = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", "~")
"""Ends of names that programs give a file while they write it."""

Signature = tuple[int, int]
"""Size and time of the last change in nanoseconds: another one is another content."""


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that is there: its path relative to the folder, and its signature."""

    path: str
    signature: Signature


def _order(file: FoundFile) -> tuple[int, str]:
    return file.signature[1], file.path


class FolderScan:
    """Looks into a folder.

    A file is complete when neither its size nor its time of change has differed for `settle_seconds`, by this machine's clock: that of a
    network drive may be another one. Names that begin with a dot, or end as those of files that are being written, are left out; so a file
    that is renamed when it is complete is never read before.

    Args:
        folder: to look into.
        pattern: of file names, with * and ?; empty: the extensions of known formats.
        recursive: look into folders below, too.
        apart: folders below that are left out.
        settle_seconds: how long a file stays as it is before it is read.
        moved: whether files are moved away once they are read: then only those that stay count for the limit.
        clock: measures that.
    """

    def __init__(
        self, folder: Path, pattern: str, *, recursive: bool, apart: tuple[Path, ...], settle_seconds: float, moved: bool, clock: Clock
    ) -> None:
        self._folder = folder
        self._pattern = pattern
        self._recursive = recursive
        self._apart = apart
        self._settle_seconds = settle_seconds
        self._moved = moved
        self._clock = clock
        self._since: dict[str, tuple[Signature, float]] = {}

    def look(self, known: Mapping[str, Signature]) -> tuple[list[FoundFile], set[str]]:
        """Return the complete files that are not `known`, those changed longest ago first, and which of the `known` paths are there.

        At most `MOST_FILES` are returned, the others after these.

        Raises:
            UnavailableError: the folder can't be read now, or more than `MOST_FILES` files are there that stay.
        """
        now = self._clock.monotonic()
        present: set[str] = set()
        unknown = {file.path: file.signature for file in heapq.nsmallest(MOST_FILES, self._unknown(known, present), key=_order)}
        previous, self._since = self._since, {}
        complete = []
        for path, signature in unknown.items():
            before, since = previous.get(path, (signature, now))
            since = since if before == signature else now
            self._since[path] = (signature, since)
            if now - since >= self._settle_seconds:
                complete.append(FoundFile(path, signature))
        return sorted(complete, key=_order), present

    def _unknown(self, known: Mapping[str, Signature], present: set[str]) -> Iterator[FoundFile]:
        """Yield the files that are not `known` as they are; add the paths of known ones to `present`."""
        staying = 0
        for file in self._files(self._folder, ""):
            if file.path in known:
                present.add(file.path)
            is_known = known.get(file.path) == file.signature
            staying += is_known or not self._moved
            if staying > MOST_FILES:
                raise UnavailableError(
                    f"{self._folder} has more than {MOST_FILES:,} files that stay there",
                    'have them moved once they are read, done = "done" and failed = "failed", or take some away',
                )
            if not is_known:
                yield file

    def _files(self, folder: Path, prefix: str) -> Iterator[FoundFile]:
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if self._recursive and entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                        if Path(entry.path) not in self._apart:
                            yield from self._files(Path(entry.path), f"{prefix}{entry.name}/")
                        continue
                    if not self._is_wanted(entry.name):
                        continue
                    try:
                        if not entry.is_file():
                            continue
                        status = entry.stat()
                    except FileNotFoundError:  # gone in the meantime
                        continue
                    yield FoundFile(f"{prefix}{entry.name}", (status.st_size, status.st_mtime_ns))
        except OSError as error:
            raise UnavailableError(
                f"the folder {folder} can't be read: {error.strerror}", "check that it is there and its permissions"
            ) from error

    def _is_wanted(self, name: str) -> bool:
        lower = name.lower()
        if name.startswith(".") or lower.endswith(_PARTIAL):
            return False
        if self._pattern:
            return fnmatchcase(name, self._pattern)
        return Path(lower.removesuffix(".gz")).suffix in FORMATS
