"""The bytes of a text file, plain or gzipped, as lines of bounded length."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from squall.core.cleaning.foreign_json import decode_utf8
from squall.core.errors import ConfigurationError, InvalidRecordError
from squall.ingest.file.other_kinds import refuse_beginning
from squall.ingest.file.rows import DamagedFileError, open_data_file
from squall.ingest.file.text_form import SAMPLE_BYTES, UTF_8, TextForm, is_ascii_compatible, text_form

MAX_ROW_BYTES = 8 * 1024 * 1024
"""A longer row is rejected and skipped without being held in memory. As Python objects a row takes up to 25 times its bytes."""
_KEPT_BYTES = 65_536
_PIECE_BYTES = 16_384
_SET_ENCODING = "set the file's encoding with --encoding"
_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile, OSError)


@dataclass(frozen=True, slots=True)
class TextFile:
    """An open file.

    Args:
        content: its unpacked bytes, lines ending in LF.
        raw: the file itself, which knows the position.
        size: bytes of the file itself.
        form: how it is written.
        beginning: its first characters, lines ending in LF.
    """

    content: BinaryIO
    raw: BinaryIO
    size: int
    form: TextForm
    beginning: str

    def fraction(self) -> float:
        """Return how much has been read, 0 to 1; 1 when it is closed."""
        return 1.0 if self.raw.closed else min(1.0, self.raw.tell() / max(1, self.size))

    def close(self) -> None:
        """Close the file."""
        self.content.close()
        self.raw.close()


def open_text(path: Path, encoding: str = "") -> TextFile:
    """Open `path`; gzip is recognised by its first bytes, line ends and encoding by its beginning.

    Args:
        path: the file.
        encoding: empty: it is found.

    Raises:
        ConfigurationError: it is missing, no regular file, unreadable, or of another kind (a workbook, an archive), which is named.
    """
    raw = open_data_file(path)
    try:
        zipped = raw.read(2) == b"\x1f\x8b"
        sample = _sample(_unpacked(raw, zipped=zipped))
        content = _unpacked(raw, zipped=zipped)
        refuse_beginning(str(path), sample)
    except OSError as error:
        raw.close()
        raise ConfigurationError(f"{path} can't be read: {error.strerror or error}", "name a file of documents") from error
    except ConfigurationError:
        raw.close()
        raise
    form = text_form(sample, encoding)
    beginning = sample.decode(form.encoding, "replace").removeprefix("\ufeff")
    if form.carriage_returns:
        beginning = beginning.replace("\r", "\n")
    return TextFile(form.lines_of(content), raw, os.fstat(raw.fileno()).st_size, form, beginning)


def _unpacked(raw: BinaryIO, *, zipped: bool) -> BinaryIO:
    """Return the content from its beginning."""
    raw.seek(0)
    # GzipFile without a buffer around it: a truncated file then yields every row before the break
    return cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if zipped else raw


def _sample(content: BinaryIO) -> bytes:
    """Return the beginning, up to where the file is damaged."""
    pieces: list[bytes] = []
    with suppress(EOFError, zlib.error, gzip.BadGzipFile):
        while len(pieces) < SAMPLE_BYTES // _PIECE_BYTES and (piece := content.read(_PIECE_BYTES)):
            pieces.append(piece)
    return b"".join(pieces)


def read_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes, bool]]:
    """Yield (line number from 1, line, True), or (number, the line's beginning, False) for a line longer than `MAX_ROW_BYTES`.

    A UTF-8 byte order mark is dropped, and Ctrl-Z as the last line, with which DOS ends files.

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
        if not line or line == b"\x1a":
            return
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        yield number, line, whole


def too_long() -> InvalidRecordError:
    """Return the error of a row longer than `MAX_ROW_BYTES`."""
    return InvalidRecordError("too_large", f"the row is longer than {MAX_ROW_BYTES} bytes")


def check_encoding(encoding: str) -> None:
    """Check the option.

    Raises:
        ConfigurationError: the encoding is unknown.
    """
    try:
        is_ascii_compatible(encoding or UTF_8)
    except LookupError:
        raise ConfigurationError(f"encoding {encoding!r} is unknown", "use utf-8, cp1252, utf-16 or another encoding of Python") from None


def decode(raw: bytes, encoding: str) -> str:
    """Return `raw` as text.

    Raises:
        InvalidRecordError: reason `broken_encoding`.
    """
    try:
        return decode_utf8(raw) if encoding == UTF_8 else raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidRecordError("broken_encoding", f"byte {error.start} is not {encoding}; {_SET_ENCODING}") from error
    except InvalidRecordError as error:
        raise InvalidRecordError(error.reason, f"{error.detail}; {_SET_ENCODING}") from error
