"""GDELT as a type of source."""

from __future__ import annotations

from typing import ClassVar

from squall.ingest.gdelt.options import GdeltOptions
from squall.ingest.gdelt.source import GdeltSource
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.source_type import SourceType
from squall.ingest.source import Source


class GdeltType(SourceType[GdeltOptions]):
    """`type = "gdelt"`."""

    name: ClassVar[str] = "gdelt"
    summary: ClassVar[str] = "titles of news all over the world, from GDELT 2.0 every fifteen minutes; free, without an account"
    Options: ClassVar[type[GdeltOptions]] = GdeltOptions
    example: ClassVar[str] = """companies = true  # any company that the catalogue knows
keywords = ["bankrupt*", "profit warning"]  # words and phrases in any case"""

    def open(self, options: GdeltOptions, context: SourceContext) -> Source:
        """Return the source; see `SourceType.open`."""
        return GdeltSource(options, context)
