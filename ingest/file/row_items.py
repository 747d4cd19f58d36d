"""The rows of files as items: how a file is read, and what becomes of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from squall.core.dates.publication_time import zone
from squall.core.errors import InvalidRecordError
from squall.core.items import Item, Origin
from squall.core.records import Kind
from squall.ingest.documents import Defaults, build_document
from squall.ingest.file.columns import Columns
from squall.ingest.file.csv_dialect import check_dialect
from squall.ingest.file.formats import Format
from squall.ingest.file.lines import check_encoding
from squall.ingest.file.rows import FileRow
from squall.ingest.shared_ids import id_key, shared_ids
from squall.ingest.source import BATCH_ITEMS, accepted, rejected


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How to read a file; files with the usual column names need no options.

    Args:
        format: `jsonl`, `csv` or `parquet`; empty: by extension.
        columns: field → column, where the name is not a known one (`squall.ingest.file.columns.ALIASES`).
        kind: kind of rows without one; None: social when the columns are a tweet's, else news.
        source: overrides the rows' own; empty: the row's `source`, else the file's name without extensions.
        timezone: zone of times without one: a zone's name, or `reject`.
        time_format: `strptime` format; empty: the known forms.
        encoding: of text files; empty: it is found.
        delimiter: of CSV; empty: it is found.
        escape: of CSV: character before a quote within quotes, such as a backslash; empty: quotes are doubled.
        batch_items: the most items of one batch.
    """

    format: Format | Literal[""] = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    kind: Kind | Literal["news", "social"] | None = None
    source: str = ""
    timezone: str = "UTC"
    time_format: str = ""
    encoding: str = ""
    delimiter: str = ""
    escape: str = ""
    batch_items: int = BATCH_ITEMS


class RowItems:
    """Makes the items of rows.

    Args:
        options: how the files are read.
        source: of documents whose rows and options name none.

    Raises:
        ConfigurationError: an option is wrong.
    """

    def __init__(self, options: FileOptions, source: str) -> None:
        self.columns = Columns(options.columns)
        self._options = options
        defaults = Defaults(source=source, naive=zone(options.timezone), time_format=options.time_format)
        self._news, self._social = (replace(defaults, kind=Kind(options.kind or kind)) for kind in (Kind.NEWS, Kind.SOCIAL))
        self._shared: frozenset[str] = frozenset()
        check_encoding(options.encoding)
        check_dialect(options.delimiter, options.escape)

    def judge_ids(self, beginning: Iterable[FileRow]) -> frozenset[str]:
        """Return the ids that do not tell the rows of a file apart, judged by its first ones; links or contents identify their rows."""
        rows = (self.columns.layout(row.columns).fields(row.columns) for row in beginning if row.columns is not None)
        self._shared = shared_ids(rows)
        return self._shared

    def item(self, row: FileRow, origin: Origin, collected_at: datetime) -> Item:
        """Return the document of `row`, or why it is none; `collected_at` is in UTC and whole milliseconds."""
        if row.error is not None or row.columns is None:
            return rejected(origin, row.error or InvalidRecordError("broken_row", "the row has no columns"), row.raw)
        try:
            layout = self.columns.layout(row.columns)
            fields = layout.fields(row.columns)
            defaults = self._social if layout.social else self._news
            if self._options.source:
                fields = {**fields, "source": self._options.source}
            if self._shared and id_key(fields) in self._shared:
                fields = {**fields, "id": None}
            if layout.time and (spread := layout.time.joined(row.columns, self._options.time_format)):
                fields, defaults = {**fields, "published_at": spread}, replace(defaults, time_format="")
            return accepted(origin, build_document(fields, defaults, collected_at))
        except InvalidRecordError as error:
            return rejected(origin, error, row.raw)
