"""Kinds of files that are no text of documents, and what to do with each: spreadsheets, archives, PDFs and others."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from squall.core.errors import ConfigurationError

_SPREADSHEET: Final = "export the sheet as CSV (in Excel: Save As, CSV UTF-8) and name that file"
_ARCHIVE: Final = "unpack it and name the files in it; gzip is read as it is"
_PACKED: Final = "unpack it, or write it to standard input unpacked: squall ingest file -; gzip is read as it is"
_TABLES: Final = "write its table as CSV, JSON lines or Parquet"
_PAGE: Final = "write its texts as JSON lines: one object a line, with text and published_at"
_FEED: Final = "feeds are read from their address: squall ingest rss"
_KINDS: Final = {
    (".xlsx", ".xlsm", ".xlsb", ".xltx"): ("an Excel workbook", _SPREADSHEET),
    (".xls", ".xlt"): ("an Excel workbook (97 to 2003)", _SPREADSHEET),
    (".ods", ".fods"): ("an OpenDocument spreadsheet", _SPREADSHEET),
    (".numbers",): ("an Apple Numbers spreadsheet", _SPREADSHEET),
    (".zip",): ("a ZIP archive", _ARCHIVE),
    (".tar", ".tgz"): ("a tar archive", _ARCHIVE),
    (".7z",): ("a 7-Zip archive", _ARCHIVE),
    (".rar",): ("a RAR archive", _ARCHIVE),
    (".bz2",): ("a file packed with bzip2", _PACKED),
    (".xz", ".lzma"): ("a file packed with xz", _PACKED),
    (".zst", ".zstd"): ("a file packed with Zstandard", _PACKED),
    (".lz4",): ("a file packed with LZ4", _PACKED),
    (".pdf",): ("a PDF", _PAGE),
    (".doc", ".docx", ".odt", ".rtf"): ("a text of a word processor", _PAGE),
    (".html", ".htm"): ("an HTML page", _PAGE),
    (".xml", ".rss", ".atom"): ("XML", _FEED),
    (".db", ".sqlite", ".sqlite3"): ("a SQLite database", _TABLES),
    (".feather", ".arrow"): ("an Arrow table", _TABLES),
    (".orc",): ("an ORC table", _TABLES),
    (".avro",): ("an Avro file", _TABLES),
    (".pkl", ".pickle"): ("a Python pickle", _TABLES),
}
_BY_EXTENSION: Final = {extension: kind for extensions, kind in _KINDS.items() for extension in extensions}
_BY_BEGINNING: Final = (
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook, whatever its name", f"a workbook: {_SPREADSHEET}; an archive: {_ARCHIVE}"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook or a text of Word (97 to 2003), whatever its name", _SPREADSHEET),
    (b"%PDF-", "a PDF, whatever its name", _PAGE),
    (b"PAR1", "Parquet, whatever its name", "set the format: --format parquet"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive, whatever its name", _ARCHIVE),
    (b"Rar!\x1a\x07", "a RAR archive, whatever its name", _ARCHIVE),
    (b"\xfd7zXZ\x00", "packed with xz, whatever its name", _PACKED),
    (b"\x28\xb5\x2f\xfd", "packed with Zstandard, whatever its name", _PACKED),
    (b"BZh91AY&SY", "packed with bzip2, whatever its name", _PACKED),
    (b"SQLite format 3\x00", "a SQLite database, whatever its name", _TABLES),
    (b"ARROW1\x00\x00", "an Arrow table, whatever its name", _TABLES),
    (b"Obj\x01", "an Avro file, whatever its name", _TABLES),
)


def refuse_extension(path: Path) -> None:
    """Raise ConfigurationError, with the kind of file and what to do, where the extension of `path` is one of these kinds."""
    kind = _BY_EXTENSION.get(path.suffix.lower())
    if kind is not None:
        raise ConfigurationError(f"{path} is {kind[0]}, which is not read", kind[1])


def refuse_beginning(name: str, beginning: bytes) -> None:
    """Raise ConfigurationError, with the kind of file and what to do, where the text `name` begins as one of these kinds does."""
    for magic, kind, remedy in _BY_BEGINNING:
        if beginning.startswith(magic):
            raise ConfigurationError(f"{name} is {kind}, which is not read as text", remedy)
