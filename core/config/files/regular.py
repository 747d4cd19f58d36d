"""Files that a user names: regular ones only, because a pipe or a device may never end or never answer, and of bounded size."""

from __future__ import annotations

import gzip
import io
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final, TextIO

from squall.core.errors import ConfigurationError

MOST_BYTES: Final = 1024**3
"""Of a file that is read whole and that nothing bounds more tightly."""
MOST_SETTINGS_BYTES: Final = 16 * 1024**2
"""Of a file of settings, recipes, feeds or templates, which a person writes."""
_KINDS: Final = {
    stat.S_IFDIR: "folder",
    stat.S_IFIFO: "named pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
}


def open_regular_file(path: Path, hint: str = "write its content to a file, and name that") -> BinaryIO:
    """Open `path` for reading; return at once whatever it is: a named pipe whose other end never speaks would hold everything up.

    Args:
        path: as the user named it.
        hint: what to do where it is a pipe, a socket or a device.

    Raises:
        ConfigurationError: it is missing, unreadable, or no regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ConfigurationError(f"{path} does not exist", "correct the path") from None
    except (OSError, ValueError) as error:
        kind = _kind(path)
        if kind:
            raise _not_regular(path, kind, hint) from None
        raise ConfigurationError(f"{path} can't be opened: {getattr(error, 'strerror', None) or error}", "check its permissions") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise _not_regular(path, _KINDS.get(stat.S_IFMT(mode), "special file"), hint)
    return os.fdopen(descriptor, "rb")


def open_regular_text(path: Path, *, encoding: str = "utf-8", newline: str | None = None) -> TextIO:
    """Open `path`, gzipped where its name ends in `.gz`, as text; raises as `open_regular_file`, and what decoding raises as it is read."""
    file = open_regular_file(path)
    if path.suffix.lower() != ".gz":
        return io.TextIOWrapper(file, encoding=encoding, newline=newline)
    file.close()  # GzipFile closes only what it opened itself
    return gzip.open(path, "rt", encoding=encoding, newline=newline)


def read_regular_file(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Return the content of `path`.

    Raises:
        ConfigurationError: as `open_regular_file`; it has more than `most_bytes`, or can't be read to its end.
    """
    with open_regular_file(path) as file:
        try:
            content = file.read(most_bytes + 1) if os.fstat(file.fileno()).st_size <= most_bytes else None
        except OSError as error:
            raise ConfigurationError(f"{path} can't be read: {error.strerror}", "check the disk") from error
    if content is None or len(content) > most_bytes:
        raise ConfigurationError(f"{path} is larger than {_size(most_bytes)}", "check that it is the right file, or split it")
    return content


def _size(number: int) -> str:
    return f"{number // 1024**2:,} MiB" if number >= 1024**2 else f"{number:,} bytes"


def _kind(path: Path) -> str:
    """Return what `path` is where that can't be opened; empty for a regular file."""
    try:
        return _KINDS.get(stat.S_IFMT(path.stat().st_mode), "")
    except (OSError, ValueError):
        return ""


def _not_regular(path: Path, kind: str, hint: str) -> ConfigurationError:
    if kind == "folder":
        return ConfigurationError(f"{path} is a folder", "name one file")
    return ConfigurationError(f"{path} is a {kind}, not a regular file: nothing is read from it", hint)
