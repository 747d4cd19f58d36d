"""ClickHouse in this process: chDB.

One process owns a data folder and a process has one folder open at a time. A connection runs one query at a time,
so every thread borrows its own from a pool. Never fork after the first connection: the child hangs.
"""

from __future__ import annotations

import ctypes
import faulthandler
import fcntl
import io
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from squall.core.config.files.permissions import private_folder
from squall.core.errors import StoreError, StoreLockedError, StoreMissingError, StoreUnavailableError
from squall.storage.backends.base import Block, Cell, Params, Result, Value, error_code, plain, server_error
from squall.storage.backends.pool import Pool

_CONNECTIONS = 8
_CLOSE_SECONDS = 2.0
"""Longest wait of `close` for queries that are running: chDB gives a folder back once its last connection is closed."""
_STATUS_FILE = "status"
_METADATA = "metadata"
"""The folder in which ClickHouse keeps the definitions of tables: a store with tables has one."""
_FATAL = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0", "\b": "\\b", "\f": "\\f"})
_ARROW: dict[Cell, pa.DataType] = {
    Cell.TEXT: pa.string(),
    Cell.ENUM: pa.string(),
    Cell.BYTES: pa.binary(),
    Cell.TEXTS: pa.list_(pa.string()),
    Cell.UINT32: pa.uint32(),
    Cell.UINT64: pa.uint64(),
    Cell.INT64: pa.int64(),
    Cell.FLOAT32: pa.float32(),
    Cell.FLOAT64: pa.float64(),
    Cell.FLOAT32S: pa.list_(pa.float32()),
    Cell.UINT32S: pa.list_(pa.uint32()),
    Cell.BOOL: pa.bool_(),
    Cell.TIME: pa.timestamp("ms", tz="UTC"),
    Cell.SECOND: pa.timestamp("ms", tz="UTC"),
}
_INSERT = (
    "INSERT INTO {table} ({names}) FROM INFILE '{path}' "
    "SETTINGS async_insert = 0, insert_deduplicate = {dedup}, insert_deduplication_token = '{token}' FORMAT ArrowStream"
)

_UNWRITABLE = (ValueError, TypeError, OverflowError, pa.ArrowException)

_open_lock = threading.Lock()
_open_folders: dict[Path, int] = {}
"""How many backends and connections have each folder open."""


class EmbeddedBackend:
    """A chDB folder.

    Args:
        folder: of the store.
        max_threads: threads of one query; 0 leaves it to ClickHouse.
        timeout_seconds: longest wait for a free connection.
        create: whether a store that does not exist is created.

    Raises:
        StoreLockedError: another process has the folder open, or this process another folder.
        StoreMissingError: the folder holds no store and `create` is False.
        StoreError: the folder cannot be used.
    """

    def __init__(self, folder: Path, max_threads: int, timeout_seconds: float, *, create: bool = True) -> None:
        self._folder = folder.resolve()
        self.label = f"chdb://{self._folder}"
        # BACKUP may write wherever this process may: the paths are its user's
        self._options = "?backups.allowed_path=/" + (f"&max_threads={max_threads}" if max_threads else "")
        self._closed = False
        if not create and not (self._folder / _METADATA).is_dir():
            raise StoreMissingError(
                f"there is no store at {self.label}",
                "check --data-dir and SQUALL_STORE__URL; `squall up` and `squall store migrate` create a store",
            )
        _claim(self._folder)
        try:
            self._keeper = self._connect()  # without one open connection chDB releases the folder
            _restore_fatal_signals()
            self._pool: Pool[Any] = Pool(self._borrow, self._return, _CONNECTIONS, timeout_seconds)
        except BaseException:
            _release(self._folder)
            raise

    def _connect(self) -> Any:
        import chdb  # 500 MB of code: only where it is used

        try:
            return chdb.connect(f"{self._folder}{self._options}")
        except RuntimeError as error:
            _raise_if_locked(self._folder)
            raise StoreError(
                f"store {self.label} cannot be opened: {str(error).splitlines()[0][:300]}", "check the folder's permissions and free space"
            ) from error

    def _borrow(self) -> Any:
        with _open_lock:
            if self._folder not in _open_folders:  # closed since the pool was asked: a connection would take the folder again
                raise StoreUnavailableError(f"store {self.label} is closed", "open it again")
            _open_folders[self._folder] += 1
        try:
            return self._connect()
        except BaseException:
            _release(self._folder)
            raise

    def _return(self, connection: Any) -> None:
        _close(connection)
        _release(self._folder)

    def select(self, sql: str, params: Params) -> Result:
        """Run a query and return its columns."""
        table = pa.ipc.open_stream(pa.py_buffer(self._query(sql, "ArrowStream", params))).read_all()
        return Result(table.column_names, [_values(column) for column in table.columns], table.num_rows)

    def command(self, sql: str, params: Params) -> None:
        """Run a statement."""
        self._query(sql, "Null", params)

    def _query(self, sql: str, output: str, params: Params) -> bytes:
        rendered = {name: _render(value) for name, value in params.items()}
        with self._pool.connection() as connection:
            try:
                answer = connection.query(sql, output, params=rendered)
                return bytes(answer.bytes()) if output != "Null" else b""
            except RuntimeError as error:
                raise self._error(error, "a query") from error
            except UnicodeError as error:
                raise StoreError(f"store {self.label}: a query failed: {error}", "a value does not fit") from error

    def insert(self, block: Block, token: str) -> None:
        """Insert one block as an Arrow stream.

        Not by `send_insert`: its `finish` of chDB 4.4.0 returns normally although the commit failed (no space, too many parts, a
        constraint), and rows that are not there would be acknowledged. `query` raises; it reads the block from a file in memory.
        """
        doing = f"an insert into {block.table}"
        try:
            with _file_of(self._stream(block)) as path, self._pool.connection() as connection:
                connection.query(
                    _INSERT.format(table=block.table, names=block.names, path=path, dedup=int(bool(token)), token=_quoted(token)), "Null"
                )
        except RuntimeError as error:
            raise self._error(error, doing) from error
        except OSError as error:
            raise StoreUnavailableError(
                f"store {self.label}: {doing} failed: {error}", "check the limit on open files and free memory"
            ) from error

    def _stream(self, block: Block) -> bytes:
        try:
            arrays = [pa.array(values, type=_ARROW[cell]) for values, (_, cell) in zip(block.values, block.columns, strict=True)]
        except _UNWRITABLE as error:
            raise StoreError(f"store {self.label}: an insert into {block.table} failed: {error}", "a value does not fit") from error
        batch = pa.record_batch(arrays, names=[name for name, _ in block.columns])
        buffer = io.BytesIO()
        with pa.ipc.new_stream(buffer, batch.schema) as stream:
            stream.write_batch(batch)
        return buffer.getvalue()

    def _error(self, error: RuntimeError, doing: str) -> StoreError | StoreUnavailableError:
        return server_error(self.label, error_code(str(error)), str(error), doing)

    def close(self) -> None:
        """Close every connection and give the folder back; while a query runs on, once it ends."""
        if not self._closed:
            self._closed = True
            self._pool.close(_CLOSE_SECONDS)
            _close(self._keeper)
            _release(self._folder)


def _values(column: pa.ChunkedArray) -> list[Any]:
    """Return a column as Python values; lists of integers as numpy arrays, because `counts` reads a million of them."""
    kind = column.type
    if pa.types.is_list(kind) and pa.types.is_integer(kind.value_type):
        return [item.values.to_numpy(zero_copy_only=False) for item in column]
    values: list[Any] = column.to_pylist()
    return values


@contextmanager
def _file_of(data: bytes) -> Iterator[str]:
    """A file in memory that holds `data`; yields its path, for this process only."""
    with open(os.memfd_create("squall-insert"), "wb") as file:  # noqa: PTH123  a descriptor, not a path
        file.write(data)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


def _close(connection: Any) -> None:
    connection.close()


def _quoted(text: str) -> str:
    return text.translate(_ESCAPES).replace("'", "\\'")


def _render(value: Value) -> str:
    """Render a parameter as chDB parses it: strings TSV-escaped, arrays as literals of quoted strings."""
    simple = plain(value)
    if isinstance(simple, str):
        return simple.translate(_ESCAPES)
    if isinstance(simple, list):
        return "[" + ",".join(f"'{_quoted(item)}'" for item in simple) + "]"
    return str(simple)


def _claim(folder: Path) -> None:
    with _open_lock:
        others = [str(other) for other in _open_folders if other != folder]
        if others:
            raise StoreLockedError(
                f"this process already has the embedded store {others[0]} open, so {folder} cannot be opened",
                "close that store first and let its queries end, or use a process of its own for each folder",
            )
        if folder not in _open_folders:
            try:
                private_folder(folder)
            except OSError as error:
                raise StoreError(f"store folder {folder} cannot be made: {error}", "choose another in SQUALL_STORE__URL") from error
            _raise_if_locked(folder)
        _open_folders[folder] = _open_folders.get(folder, 0) + 1


def _release(folder: Path) -> None:
    with _open_lock:
        _open_folders[folder] -= 1
        if not _open_folders[folder]:
            del _open_folders[folder]


def _raise_if_locked(folder: Path) -> None:
    """Raise `StoreLockedError` when another process holds the folder; chDB itself only says so on standard error."""
    status = folder / _STATUS_FILE
    try:
        with status.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return
    except BlockingIOError:
        holder = _holder(status)
        raise StoreLockedError(
            f"the embedded store {folder} is in use by {_described(holder)}",
            "stop that process, or ask it through its live page; one process owns an embedded store (use a ClickHouse server to share one)",
            holder,
        ) from None
    except OSError as error:
        raise StoreError(f"store folder {folder} cannot be read: {error}", "check its owner and permissions") from error


def _holder(status: Path) -> int:
    found = re.search(r"PID: (\d+)", status.read_text(errors="replace"))
    return int(found[1]) if found else 0


def _described(holder: int) -> str:
    if not holder:
        return "another process"
    try:
        command = Path(f"/proc/{holder}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        command = ""
    return f"process {holder}" + (f" ({command[:120]})" if command else "")


def _restore_fatal_signals() -> None:
    """Undo chDB's handlers, under which a crash hangs instead of ending the process, and print stacks instead.

    `ctypes` and not `signal.signal`, which works on the main thread only.
    """
    faulthandler.disable()  # it would put back what it found: chDB's handlers
    libc = ctypes.CDLL(None)
    libc.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
    libc.signal.restype = ctypes.c_void_p
    for number in _FATAL:
        libc.signal(int(number), None)
    try:
        faulthandler.enable(sys.__stderr__ or sys.stderr)
    except (AttributeError, ValueError, RuntimeError, OSError):
        return  # no usable standard error: a crash still ends the process
