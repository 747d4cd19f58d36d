"""EDGAR as a type of source."""

from __future__ import annotations

from typing import ClassVar

from squall.ingest.edgar.options import EdgarOptions
from squall.ingest.edgar.source import EdgarSource
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.source_type import SourceType
from squall.ingest.source import Source


class EdgarType(SourceType[EdgarOptions]):
    """`type = "edgar"`."""

    name: ClassVar[str] = "edgar"
    summary: ClassVar[str] = "filings of listed companies with the SEC, by form; free, without an account"
    Options: ClassVar[type[EdgarOptions]] = EdgarOptions
    example: ClassVar[str] = """user_agent = "Example Fund desk@example.com"  # the SEC demands who asks
forms = ["8-K", "6-K", "10-Q", "10-K", "SCHEDULE 13D"]"""

    def open(self, options: EdgarOptions, context: SourceContext) -> Source:
        """Return the source; see `SourceType.open`."""
        return EdgarSource(options, context)
