"""Files of news and posts as validated documents."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from squall.core.clock import Clock, SystemClock
from squall.core.errors import InvalidRecordError
from squall.core.items import Rejection
from squall.core.records import Document
from squall.ingest.file.source import FileOptions, FileSource


def documents(
    path: str | Path,
    *,
    format: Literal["", "jsonl", "csv", "parquet"] = "",
    columns: Mapping[str, str] | None = None,
    kind: Literal["news", "social"] | None = None,
    source: str = "",
    timezone: str = "UTC",
    time_format: str = "",
    encoding: str = "",
    delimiter: str = "",
    escape: str = "",
    on_reject: Callable[[int, Rejection], None] | None = None,
    clock: Clock | None = None,
) -> Iterator[Document]:
    """Read a JSONL, CSV or Parquet file, gzipped or not, as `squall ingest file` does.

    Args:
        path: the file.
        format: empty: by the file's extension.
        columns: field → column, where a column does not have a usual name: `{"text": "body", "published_at": "date"}`.
        kind: of all rows; None: social when the columns are those of a tweet, else news.
        source: of all rows; empty: the row's own, else the file's name.
        timezone: of times without a zone: a zone's name, or `reject`.
        time_format: `strptime` format of times; empty: the usual forms.
        encoding: of a text file; empty: it is found.
        delimiter: of a CSV file; empty: it is found.
        escape: of a CSV file: character before a quote within quotes; empty: quotes are doubled.
        on_reject: called with row number and reason for a row that is not a document, and reading goes on; None: such a row raises.
        clock: gives `collected_at`; None: the system's.

    Yields:
        Documents in the order of the rows, in bounded memory.

    Raises:
        ConfigurationError: the file is missing or unreadable, or an option is wrong.
        InvalidRecordError: a row is not a document and `on_reject` is None.
    """
    options = FileOptions(format, columns or {}, kind, source, timezone, time_format, encoding, delimiter, escape=escape)
    reader = FileSource(Path(path), clock or SystemClock(), options)
    return _documents(reader, on_reject)


def _documents(reader: FileSource, on_reject: Callable[[int, Rejection], None] | None) -> Iterator[Document]:
    for batch in reader.batches(threading.Event()):
        for item in batch.items:
            if item.document is not None:
                yield item.document
            elif item.rejection is not None and on_reject is not None:
                on_reject(item.origin.offset, item.rejection)
            elif item.rejection is not None:
                raise InvalidRecordError(item.rejection.reason, f"{reader.path}, row {item.origin.offset}: {item.rejection.detail}")
