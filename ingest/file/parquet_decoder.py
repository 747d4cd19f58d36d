"""Decodes a Parquet file in a process of its own, whose memory has a limit: `python -m squall.ingest.file.parquet_decoder FILE START`.

A page of a few kilobytes may unpack to gigabytes, and neither the metadata nor the header of the page has to say so: pyarrow has no
limit that holds. Here the kernel refuses the memory, and a crash of the decoder ends this process only.

Standard output is lines, each a letter and JSON: `N` the column names, `R` the columns of the next row, `E` what is wrong with the next row
(`reason`, `detail`, `columns`), `F` why the file can't be opened, `D` why it can't be read further.
"""

from __future__ import annotations

import re
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from math import inf
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from squall.ingest.file.lines import MAX_ROW_BYTES

MEMORY_BYTES: Final = 512 * 1024 * 1024
"""Memory, beyond the code, in which a page and 256 rows of it must be decoded."""
_CONVERSION_BYTES: Final = 256 * 1024 * 1024
"""More memory, for the rows as Python values and JSON."""
_DENSE_BYTES: Final = 8 * 1024 * 1024
_BATCH_ROWS: Final = 256
_READ_BYTES: Final = 1 << 20
"""A column is read in pieces of this size: a row group need not fit into memory."""
_EXACT_BELOW: Final = {pa.float16(): 2.0**11, pa.float32(): 2.0**24}
"""From here on these types skip whole numbers."""
_KEPT_CHARS: Final = 200
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_UNDECODABLE: Final = (UnicodeDecodeError, OverflowError, ValueError, NotImplementedError)


def main(path: str, start: int) -> None:
    """Write the rows of `path` after row `start`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends this process
    _limit_memory(MEMORY_BYTES)
    try:
        with pq.ParquetFile(path, buffer_size=_READ_BYTES, pre_buffer=False) as file:
            _write(b"N", [str(name)[:_KEPT_CHARS] for name in file.schema_arrow.names])
            _write_rows(file, start)
    except (pa.ArrowException, OSError, MemoryError, ValueError) as error:
        _write(b"F", _described(error))


def _write_rows(file: pq.ParquetFile, start: int) -> None:
    groups, number = _groups(file, start)
    rows_left = number
    size = _BATCH_ROWS
    while True:
        passed = rows_left
        try:
            for batch in file.iter_batches(batch_size=size, row_groups=groups, use_threads=False):
                if passed + batch.num_rows <= number:  # written before the decoder ran out of memory
                    passed += batch.num_rows
                    continue
                _limit_memory(MEMORY_BYTES + _CONVERSION_BYTES)
                for line in _rows(_with_rounded_as_text(batch)):
                    passed += 1
                    if passed > max(start, number):
                        sys.stdout.buffer.write(line)
                number = max(number, passed)
                sys.stdout.flush()
                _limit_memory(MEMORY_BYTES)
            return
        except MemoryError:
            if size == 1:
                _write(b"D", f"row {max(number, start) + 1} needs more than {MEMORY_BYTES >> 20} MB to decode")
                return
            size = 1  # rows that don't fit together may fit alone
        except (pa.ArrowException, OSError, ValueError) as error:
            _write(b"D", _described(error))
            return


def _limit_memory(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (size, MEMORY_BYTES + _CONVERSION_BYTES))


def _groups(file: pq.ParquetFile, start: int) -> tuple[list[int], int]:
    """Return the row groups that hold rows after `start`, and the number of rows before them."""
    groups: list[int] = []
    before = 0
    for group in range(file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if not groups and before + rows <= start:
            before += rows
        else:
            groups.append(group)
    return groups, before


def _with_rounded_as_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return `batch` with numbers that are too large for their 16 or 32 bits in the notation of rounded ones, as `2.0000004e+07`.

    As wider floats they would look exact, as ids and as times.
    """
    for index, field in enumerate(batch.schema):
        most = _EXACT_BELOW.get(field.type)
        if most is not None:
            values = batch.column(index).to_pylist()
            if any(value is not None and most <= abs(value) < inf for value in values):
                shown = [_number_as_text(value, most) for value in values]
                batch = batch.set_column(index, field.name, pa.array(shown, pa.string()))
    return batch


def _number_as_text(value: float | None, most: float) -> str | None:
    if value is None or value != value:  # NaN is not given
        return None
    return f"{value:.7e}" if most <= abs(value) < inf else f"{value:.0f}" if value.is_integer() else repr(value)


def _rows(batch: pa.RecordBatch) -> Iterator[bytes]:
    """Yield the line of each row; a row that can't be decoded or is too long costs only itself."""
    dense = _dense(batch)
    lines: list[bytes] = []
    if dense is not None:
        with suppress(MemoryError, *_UNDECODABLE):
            lines = [_line(row) for row in dense.to_pylist()]
    if lines:
        yield from lines
        return
    for index in range(batch.num_rows):
        yield _row(batch, index)


def _dense(batch: pa.RecordBatch) -> pa.RecordBatch | None:
    """Return `batch` with its dictionaries resolved; None where its rows as Python values might take far more memory than it does."""
    columns = []
    for column in batch.columns:
        if pa.types.is_dictionary(column.type) and _is_text(column.type.value_type):
            longest = pc.max(pc.binary_length(column.dictionary)).as_py() or 0
            if longest * len(column) > _DENSE_BYTES:
                return None
            column = column.dictionary_decode()
        if not (pa.types.is_null(column.type) or _is_dense(column.type)):
            return None
        columns.append(column)
    found = pa.RecordBatch.from_arrays(columns, names=batch.schema.names)
    return found if found.nbytes <= _DENSE_BYTES else None


def _is_dense(kind: pa.DataType) -> bool:
    """Whether values of this type take memory in proportion to their bytes: no dictionary, view or null inside it."""
    types = pa.types
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _is_dense(kind.value_type)
    if types.is_map(kind):
        return _is_dense(kind.key_type) and _is_dense(kind.item_type)
    if types.is_struct(kind):
        return all(_is_dense(kind.field(index).type) for index in range(kind.num_fields))
    return bool(_is_text(kind) or (types.is_primitive(kind) and not types.is_null(kind)) or types.is_decimal(kind))


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind) or types.is_large_binary(kind))


def _row(batch: pa.RecordBatch, index: int) -> bytes:
    columns: dict[str, Any] = {}
    problem, size = "", 0
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            columns[name] = value = column[index].as_py()
            size += _size(value, MAX_ROW_BYTES)
        except _UNDECODABLE as error:
            problem = f"{name[:_KEPT_CHARS]}: {str(error)[:_KEPT_CHARS]}"
        except (MemoryError, RecursionError):
            return _too_large()
        if size > MAX_ROW_BYTES:
            return _too_large()
    if not problem:
        return _line(columns)
    line = _error("broken_encoding", problem, columns)
    return line if len(line) <= MAX_ROW_BYTES else _error("broken_encoding", problem, {})


def _size(value: Any, most: int) -> int:
    """Return about how many bytes `value` takes as JSON; counting ends beyond `most`. orjson crashes where it gets no memory."""
    if isinstance(value, str | bytes):
        return len(value)
    if not isinstance(value, list | tuple | dict):
        return 8
    size = 8
    for part in value.values() if isinstance(value, dict) else value:
        size += _size(part, most - size)
        if size > most:
            break
    return size


def _line(columns: dict[str, Any]) -> bytes:
    try:
        line = b"R" + orjson.dumps(columns, default=_plain, option=orjson.OPT_NON_STR_KEYS) + b"\n"
    except (MemoryError, TypeError) as error:
        return _too_large() if isinstance(error, MemoryError) else _error("broken_row", str(error)[:_KEPT_CHARS], {})
    return line if len(line) <= MAX_ROW_BYTES else _too_large()


def _too_large() -> bytes:
    return _error("too_large", f"the row is longer than {MAX_ROW_BYTES} bytes", {})


def _error(reason: str, detail: str, columns: dict[str, Any]) -> bytes:
    content = {"reason": reason, "detail": detail, "columns": columns}
    return b"E" + orjson.dumps(content, default=_plain, option=orjson.OPT_NON_STR_KEYS) + b"\n"


def _plain(value: Any) -> Any:
    """Return everything that JSON does not know as text, but bytes that are none as an object.

    Spark, Hive and Impala have written text in columns that are not marked as text.
    """
    if not isinstance(value, bytes):
        return str(value)
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "\0"
    return {"bytes": value[:_KEPT_CHARS].hex()} if _CONTROL.search(text) else text


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error)[:_KEPT_CHARS]}"


def _write(kind: bytes, content: object) -> None:
    sys.stdout.buffer.write(kind + orjson.dumps(content) + b"\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main(sys.argv[1], int(sys.argv[2]))
        sys.stdout.flush()
    except BrokenPipeError:
        sys.exit(0)  # the reader has closed
