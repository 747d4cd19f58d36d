"""Parquet: rows decoded a few hundred at a time; a value that can't be decoded costs its own row only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from squall.core.errors import ConfigurationError, InvalidRecordError
from squall.ingest.file.columns import Columns
from squall.ingest.file.rows import DamagedFileError, FileRow, as_bytes

_BATCH_ROWS = 256


class ParquetReader:
    """Reads Parquet. See `squall.ingest.file.rows.FileReader`.

    Args:
        path: the file.
        columns: checked against the schema.
    """

    def __init__(self, path: Path, columns: Columns) -> None:
        self._path = path
        self._columns = columns

    def rows(self, start: int) -> Iterator[FileRow]:
        """Yield a row per row of the table."""
        self._columns.require(column_names(self._path), str(self._path))
        return read_parquet(self._path, start)

    def fraction(self) -> float:
        """Return 0: how much has been read is not known before the end."""
        return 0.0

    def close(self) -> None:
        """Do nothing: the iterator of `rows` closes the file."""


def read_parquet(path: Path, start: int) -> Iterator[FileRow]:
    """Yield the rows after row `start`, decoding a few hundred at a time; whole row groups before it are skipped.

    Raises:
        DamagedFileError: a page can't be decoded.
    """
    file = _parquet(path)
    groups: list[int] = []
    number = 0
    for group in range(file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        if not groups and number + rows <= start:
            number += rows
        else:
            groups.append(group)
    try:
        for batch in file.iter_batches(batch_size=_BATCH_ROWS, row_groups=groups):
            for columns, error in _parquet_rows(batch):
                number += 1
                if number > start:
                    yield FileRow(number, as_bytes(columns) if error else b"", None if error else columns, error)
    except (OSError, ValueError) as error:  # pyarrow's errors are both
        raise DamagedFileError(f"{type(error).__name__}: {error}") from error
    finally:
        file.close()


def column_names(path: Path) -> list[str]:
    """Return the column names.

    Raises:
        ConfigurationError: not a Parquet file.
    """
    file = _parquet(path)
    try:
        return [str(name) for name in file.schema_arrow.names]
    finally:
        file.close()


def _parquet(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise ConfigurationError(
            f"{path} is not a readable Parquet file: {error}", "check the file, or set the format with --format"
        ) from error


def _parquet_rows(batch: Any) -> Iterator[tuple[dict[str, Any], InvalidRecordError | None]]:
    """Yield each row of a record batch; a value that can't be decoded rejects its own row only."""
    try:
        rows = batch.to_pylist()
    except (UnicodeDecodeError, OverflowError, ValueError):
        rows = None
    if rows is not None:
        for row in rows:
            yield row, None
        return
    for index in range(batch.num_rows):
        columns: dict[str, Any] = {}
        problem: InvalidRecordError | None = None
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            try:
                columns[name] = column[index].as_py()
            except (UnicodeDecodeError, OverflowError, ValueError) as error:
                problem = InvalidRecordError("broken_encoding", f"{name}: {error}")
        yield columns, problem
