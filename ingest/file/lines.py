"""The bytes of a text file, plain or gzipped, as lines of bounded length."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from squall.core.errors import ConfigurationError, InvalidRecordError
from squall.ingest.file.rows import DamagedFileError, open_data_file

MAX_ROW_BYTES = 8 * 1024 * 1024
"""A longer row is rejected and skipped without being held in memory. As Python objects a row takes up to 25 times its bytes."""
_KEPT_BYTES = 65_536
_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile, OSError)


@dataclass(frozen=True, slots=True)
class TextFile:
    """An open file.

    Args:
        content: its unpacked bytes.
        raw: the file itself, which knows the position.
        size: bytes of the file itself.
    """

    content: BinaryIO
    raw: BinaryIO
    size: int

    def fraction(self) -> float:
        """Return how much has been read, 0 to 1; 1 when it is closed."""
        return 1.0 if self.raw.closed else min(1.0, self.raw.tell() / max(1, self.size))

    def close(self) -> None:
        """Close the file."""
        self.content.close()
        self.raw.close()


def open_text(path: Path) -> TextFile:
    """Open `path`; gzip is recognised by its first bytes.

    Raises:
        ConfigurationError: it is missing, no regular file, unreadable, or UTF-16.
    """
    raw = open_data_file(path)
    try:
        head = raw.read(2) or b""
        raw.seek(0)
    except OSError as error:
        raw.close()
        raise ConfigurationError(f"{path} can't be read: {error.strerror or error}", "name a file of documents") from error
    if head in (b"\xff\xfe", b"\xfe\xff"):
        raw.close()
        raise ConfigurationError(f"{path} is UTF-16", "convert it: iconv -f UTF-16 -t UTF-8")
    # GzipFile without a buffer around it: a truncated file then yields every row before the break
    content = cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if head == b"\x1f\x8b" else raw
    return TextFile(content, raw, os.fstat(raw.fileno()).st_size)


def read_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """Yield (line number from 1, line, True), or (number, the line's beginning, False) for a line longer than `MAX_ROW_BYTES`.

    A UTF-8 byte order mark is dropped.

    Raises:
        DamagedFileError: the stream breaks off.
    """
    number = 0
    while True:
        try:
            line = stream.readline(MAX_ROW_BYTES + 1)
            whole = len(line) <= MAX_ROW_BYTES
            if not whole:
                rest = line
                while rest and not rest.endswith(b"\n"):
                    rest = stream.readline(1 << 20)
                line = line[:_KEPT_BYTES]
        except _DAMAGE as error:
            raise DamagedFileError(f"{type(error).__name__}: {error}") from error
        if not line:
            return
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        yield number, line, whole


def too_long() -> InvalidRecordError:
    """Return the error of a row longer than `MAX_ROW_BYTES`."""
    return InvalidRecordError("too_large", f"the row is longer than {MAX_ROW_BYTES} bytes")


def check_encoding(encoding: str) -> None:
    """Check that lines can be split before they are decoded.

    Raises:
        ConfigurationError: the encoding is unknown or not ASCII-compatible.
    """
    try:
        plain = "{\n,".encode(encoding) == b"{\n,"
    except LookupError:
        plain = False
    if not plain:
        raise ConfigurationError(f"encoding {encoding!r} is unknown or not ASCII-compatible", "use utf-8, latin-1 or cp1252")


def decode(raw: bytes, encoding: str) -> str:
    """Return `raw` as text.

    Raises:
        InvalidRecordError: reason `broken_encoding`.
    """
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidRecordError("broken_encoding", f"byte {error.start} is not {encoding}; set the file's encoding") from error
