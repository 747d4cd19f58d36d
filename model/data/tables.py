"""CSV, Parquet, JSON and JSONL files into tables, with errors that name the line."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from squall.core.config.files.regular import open_regular_file, read_regular_file
from squall.core.errors import ConfigurationError

KINDS = (".csv", ".parquet", ".jsonl", ".ndjson", ".json")


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV, Parquet, JSON (an array of objects) or JSONL file; a CSV's values stay text, lists stay lists.

    Text files are UTF-8, with or without a byte order mark, and may be gzipped.

    Raises:
        ConfigurationError: missing, of another kind, broken, not UTF-8, two columns of one name, or without rows;
            names file and line.
    """
    open_regular_file(path).close()
    kind = next((suffix.lower() for suffix in reversed(path.suffixes) if suffix.lower() != ".gz"), "")
    if kind not in KINDS:
        raise ConfigurationError(f"{path} is of an unknown type", f"allowed are {', '.join(KINDS)}, text files also with .gz")
    try:
        table = _parse(path, kind)
    except (ValueError, OSError, EOFError, csv.Error) as error:
        raise ConfigurationError(f"{path} can't be read as {kind[1:]}: {error}", "correct the file") from error
    if not len(table):
        raise ConfigurationError(f"{path} has no rows", "give a file with one row per text")
    return table


def _parse(path: Path, kind: str) -> pd.DataFrame:
    if kind == ".parquet":
        table = pd.read_parquet(path)
        _refuse_twins(map(str, table.columns))
        return table
    text = _text(path)
    if kind == ".csv":
        header, rows = _csv(text)
        return pd.DataFrame(rows, columns=pd.Index(header), dtype=object)
    return pd.DataFrame(_array(text) if kind == ".json" else list(_lines(text)), dtype=object)


def _text(path: Path) -> str:
    body = read_regular_file(path)
    if path.suffix.lower() == ".gz":
        try:
            body = gzip.decompress(body)
        except (EOFError, OSError) as error:
            raise ValueError(f"the gzip data is truncated or corrupt: {error}") from error
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} is not UTF-8 (byte 0x{body[error.start]:02x}); save the file as UTF-8") from None


def _csv(text: str) -> tuple[list[str], list[list[str]]]:
    """Header and rows, each as long as the header; blank lines don't count."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)  # strict: a quote left open is an error, not the rest of the file
    rows: list[list[str]] = []
    try:
        header = next(reader, [])
        _refuse_twins(header)
        for row in reader:
            if row and len(row) != len(header):
                raise ValueError(f"line {reader.line_num} has {len(row)} fields, the header {len(header)}")
            if row:
                rows.append(row)
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from None
    return header, rows


def _array(text: str) -> list[dict[str, Any]]:
    body = orjson.loads(text)
    if not isinstance(body, list):
        raise ValueError("not an array of objects; a file with one object per line ends in .jsonl")  # noqa: TRY004 - the file is wrong, not the caller
    return [_object(item, f"item {number}") for number, item in enumerate(body, 1)]


def _lines(text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                item = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise ValueError(f"line {number}: {error}") from None
            yield _object(item, f"line {number}")


def _object(item: Any, where: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise ValueError(f"{where} is {type(item).__name__}, not an object")  # noqa: TRY004 - the file is wrong, not the caller
    return item


def _refuse_twins(names: Iterable[str]) -> None:
    if twins := [name for name, times in Counter(names).items() if times > 1]:
        raise ValueError(f"several columns are named {', '.join(twins)}; give each a different name")


def texts_in(path: Path, column: str) -> list[str]:
    """Return the texts in a column of a table; cells that hold none are skipped.

    Raises:
        ConfigurationError: as `read_table`, or there is no such column; names those that there are.
    """
    table = read_table(path)
    if column not in table.columns:
        raise ConfigurationError(f"{path} has no column {column}", f"name one that it has: {', '.join(map(str, table.columns))}")
    return [text for text in table[column].tolist() if isinstance(text, str)]
