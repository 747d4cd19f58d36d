"""The files beside a followed one that were it before they were renamed, and which of them come next."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from squall.core.errors import UnavailableError

_NUMBERS: Final = frozenset("0123456789")
_STAMPS: Final = _NUMBERS | frozenset(".-_T:")
_COMPRESSED: Final = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z")


@dataclass(frozen=True, slots=True)
class Rotation:
    """A file that was renamed.

    Args:
        path: its name now.
        identity: device and inode.
        changed_ns: when it was written last.
        is_numbered: whether its name goes on with a number or a date (`x.1`, `x-20261130`, `x.2.gz`), and not with anything (`x.old`).
    """

    path: Path
    identity: tuple[int, int]
    changed_ns: int
    is_numbered: bool

    @property
    def is_compressed(self) -> bool:
        """Whether it can't be followed any more."""
        return self.path.name.endswith(_COMPRESSED)

    @property
    def _order(self) -> tuple[int, int, str]:
        last = _uncompressed(self.path.name).rpartition(".")[2]
        number = int(last) if last.isascii() and last.isdigit() and len(last) < 5 else 0
        return self.changed_ns, -number, self.path.name  # x.2 was written before x.1


def rotations_of(path: Path) -> list[Rotation]:
    """Return what `path` may have been renamed to, oldest first: files beside it whose names begin alike.

    Raises:
        UnavailableError: the folder can't be read now.
    """
    found: list[Rotation] = []
    try:
        with os.scandir(path.parent) as entries:
            for entry in entries:
                numbered = _is_numbered(entry.name, path)
                if entry.name == path.name or not (numbered or entry.name.startswith(path.name)):
                    continue
                try:
                    if entry.is_file():
                        status = entry.stat()
                        found.append(Rotation(Path(entry.path), (status.st_dev, status.st_ino), status.st_mtime_ns, numbered))
                except FileNotFoundError:  # gone in the meantime
                    continue
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UnavailableError(f"the folder {path.parent} can't be read: {error.strerror}", "check its permissions") from error
    return sorted(found, key=lambda each: each._order)


def after(found: Sequence[Rotation], identity: tuple[int, int], changed_ns: int) -> list[Rotation]:
    """Return those with a number or a date that were written after a file, oldest first.

    Args:
        found: as of `rotations_of`.
        identity: of the file.
        changed_ns: when it was written last, as far as is known; counts only if it is not among them.
    """
    places = [place for place, each in enumerate(found) if each.identity == identity]
    later = found[places[-1] + 1 :] if places else [each for each in found if each.changed_ns > changed_ns]
    return [each for each in later if each.is_numbered]


def _is_numbered(name: str, path: Path) -> bool:
    bare = _uncompressed(name)
    if bare == path.name:
        return name != bare
    if bare.startswith(path.name):
        between = bare.removeprefix(path.name)
    elif bare.startswith(path.stem) and path.suffix and bare.endswith(path.suffix):
        between = bare[len(path.stem) : -len(path.suffix)]
    else:
        return False
    return between[:1] in {".", "-", "_"} and not _NUMBERS.isdisjoint(between[1:]) and _STAMPS.issuperset(between)


def _uncompressed(name: str) -> str:
    return next((name.removesuffix(ending) for ending in _COMPRESSED if name.endswith(ending)), name)
