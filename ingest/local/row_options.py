"""The options that say how rows are read, shared by folders and followed files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from squall.core.config.sections import FrozenDict
from squall.ingest.file.row_items import FileOptions
from squall.ingest.registry.source_type import SourceOptions


class RowOptions(SourceOptions):
    """How rows are read; as of `squall.ingest.file.row_items.FileOptions`."""

    columns: Annotated[Mapping[str, str], FrozenDict] = Field(FrozenDict({}), description="field → column, for columns that are not found")
    kind: Literal["", "news", "social"] = Field("", description="kind of rows that have none; empty: by the columns")
    source: str = Field("", description="source of the documents; empty: the row's own, else the name of this source")
    timezone: str = Field("UTC", description="of times without one: a zone's name, or reject")
    time_format: str = Field("", description="strptime format of the times; empty: the known forms")
    encoding: str = Field("", description="of text; empty: it is found")

    def file_options(self, **further: str) -> FileOptions:
        """Return the same for a reader of files."""
        return FileOptions(
            columns=self.columns,
            kind=self.kind or None,
            source=self.source,
            timezone=self.timezone,
            time_format=self.time_format,
            encoding=self.encoding,
            **further,  # type: ignore[arg-type]
        )
