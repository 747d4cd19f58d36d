"""Parquet: decoded by a child process whose memory is limited, see `squall.ingest.file.parquet_decoder`."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from squall.core.errors import ConfigurationError, InvalidRecordError
from squall.ingest.file.columns import Columns
from squall.ingest.file.rows import DamagedFileError, FileRow, open_data_file
from squall.ingest.source import as_bytes

DECODE_SECONDS: Final = 120.0
"""The longest wait for the next rows: a page that takes longer is no document."""
_STOP_CHECK_SECONDS: Final = 0.2
_READ_BYTES: Final = 1 << 20


class ParquetReader:
    """Reads Parquet. See `squall.ingest.file.rows.FileReader`.

    Args:
        path: the file.
        columns: checked against the schema.
        stop: ends the rows when it is set, also while the next one is being decoded.
    """

    def __init__(self, path: Path, columns: Columns, stop: threading.Event | None = None) -> None:
        self._path = path
        self._columns = columns
        self._stop = stop or threading.Event()
        self._process: subprocess.Popen[bytes] | None = None

    def rows(self, start: int) -> Iterator[FileRow]:
        """Yield a row per row of the table; nothing when stopped."""
        open_data_file(self._path).close()
        lines = self._lines(start)
        first = next(lines, b"")
        if first.startswith(b"N"):
            self._columns.require(orjson.loads(first[1:]), str(self._path))
        elif not self._stop.is_set():
            why = str(orjson.loads(first[1:])) if first.startswith(b"F") else self._ended()
            raise ConfigurationError(
                f"{self._path} is not a readable Parquet file: {why}", "check the file, or set the format with --format"
            )
        return self._rows(lines, start)

    def fraction(self) -> float:
        """Return 0: how much has been read is not known before the end."""
        return 0.0

    def close(self) -> None:
        """End the decoder."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _rows(self, lines: Iterator[bytes], start: int) -> Iterator[FileRow]:
        number = start
        for line in lines:
            kind, content = line[:1], line[1:]
            if kind in {b"D", b"F"}:
                raise DamagedFileError(str(orjson.loads(content)))
            number += 1
            yield _row(number, kind, content)
        if not self._stop.is_set() and self._process is not None and self._process.wait() != 0:
            raise DamagedFileError(self._ended())

    def _lines(self, start: int) -> Iterator[bytes]:
        """Yield the decoder's lines as they come; end when stopped.

        Raises:
            DamagedFileError: it has written nothing for `DECODE_SECONDS`.
        """
        command = [sys.executable, "-P", "-m", "squall.ingest.file.parquet_decoder", str(self._path), str(start)]
        # without secrets; and the plain allocator, because the others reserve memory, which the limit counts
        environment = {name: value for name, value in os.environ.items() if not name.upper().startswith("SQUALL_")}
        environment |= {"ARROW_DEFAULT_MEMORY_POOL": "system", "PYTHONUNBUFFERED": ""}
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment, bufsize=0
        )
        self._process = process
        assert process.stdout is not None
        rest: list[bytes] = []
        waited = 0.0
        with selectors.DefaultSelector() as selector:  # `select.select` refuses descriptors over 1,023
            selector.register(process.stdout, selectors.EVENT_READ)
            while not self._stop.is_set():
                if not selector.select(_STOP_CHECK_SECONDS):
                    waited += _STOP_CHECK_SECONDS
                    if waited >= DECODE_SECONDS:
                        raise DamagedFileError(f"no row for {DECODE_SECONDS:g} s")
                    continue
                waited = 0.0
                data = process.stdout.read(_READ_BYTES)
                if not data:
                    return
                first, *others = data.split(b"\n")
                rest.append(first)
                if others:
                    yield b"".join(rest)
                    yield from others[:-1]
                    rest = [others[-1]]

    def _ended(self) -> str:
        code = self._process.wait() if self._process is not None else 0
        return f"the decoder ended with {f'signal {-code}' if code < 0 else f'code {code}'}, out of memory or by a fault in the file"


def _row(number: int, kind: bytes, content: bytes) -> FileRow:
    data: dict[str, Any] = orjson.loads(content)
    if kind == b"R":
        return FileRow(number, b"", data)
    return FileRow(number, as_bytes(data["columns"]), error=InvalidRecordError(data["reason"], data["detail"]))
