"""The file formats: their extensions and their readers. A new format is a reader module and an entry here."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Literal

from squall.core.errors import ConfigurationError
from squall.ingest.file.columns import Columns
from squall.ingest.file.csv_reader import CsvReader
from squall.ingest.file.jsonl_reader import JsonlReader
from squall.ingest.file.lines import open_text
from squall.ingest.file.other_kinds import refuse_extension
from squall.ingest.file.parquet_reader import ParquetReader
from squall.ingest.file.rows import FileReader

Format = Literal["jsonl", "csv", "parquet"]

FORMATS: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
"""Extension → format; `.gz` may follow the extension of a text format."""


def open_reader(
    format_name: Format, path: Path, columns: Columns, stop: threading.Event, encoding: str = "", delimiter: str = "", escape: str = ""
) -> FileReader:
    """Return the reader of `path`; nothing is opened yet.

    Args:
        format_name: one of `FORMATS`.
        path: the file.
        columns: which column is which field; a reader checks them against the file.
        stop: ends the rows when it is set.
        encoding: of text formats; empty: it is found.
        delimiter: of CSV; empty: it is found.
        escape: of CSV: character before a quote within quotes; empty: none.

    Raises:
        ConfigurationError: delimiter or escape is more than one character.
    """
    if format_name == "parquet":
        return ParquetReader(path, columns, stop)
    if format_name == "csv":
        return CsvReader(path, columns, encoding, delimiter, escape)
    return JsonlReader(path, columns, encoding)


def format_of(path: Path) -> Format:
    """Return the format that the extension of `path` stands for.

    Raises:
        ConfigurationError: unknown extension, or that of another kind of file, which is named.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    if suffixes and suffixes[-1] in FORMATS:
        return FORMATS[suffixes[-1]]
    refuse_extension(path)
    raise ConfigurationError(f"{path} has an unknown extension", "set the format: --format jsonl, csv or parquet")


def is_blank(format_name: Format, path: Path) -> bool:
    """Return whether nothing is in `path`, gzipped or not; raises ConfigurationError as `open_text`."""
    if format_name == "parquet":
        return False
    file = open_text(path)
    file.close()
    return not file.beginning.strip()


def stem(path: Path) -> str:
    """Return the file's name without the extensions of a known format and `.gz`."""
    name = path.name.removesuffix(".gz")
    for suffix in FORMATS:
        name = name.removesuffix(suffix)
    return name or path.name
