"""What a package needs to add a type of source to Squall; docs/sources.md describes each name, with an example.

A type is a subclass of `SourceType`, named by an entry point of the group `squall.sources`. `squall.sources.conformance` tests it.
"""

from squall.core.clock import Clock, ManualClock
from squall.core.errors import ConfigurationError, InvalidRecordError, StoppedError, UnavailableError
from squall.core.items import Batch, Item, Origin
from squall.core.records import Document, Kind
from squall.ingest.documents import Defaults, build_document
from squall.ingest.fields import EarlyError
from squall.ingest.registry.answer import SourceAnswer
from squall.ingest.registry.context import SourceContext, SourceCursor, SourceReport
from squall.ingest.registry.http import HttpAnswer, SourceHttp
from squall.ingest.registry.source_type import Secret, SourceOptions, SourceType
from squall.ingest.source import BATCH_ITEMS, OriginNumbers, Source, accepted, deleted, rejected

__all__ = [
    "BATCH_ITEMS",
    "Batch",
    "Clock",
    "ConfigurationError",
    "Defaults",
    "Document",
    "EarlyError",
    "HttpAnswer",
    "InvalidRecordError",
    "Item",
    "Kind",
    "ManualClock",
    "Origin",
    "OriginNumbers",
    "Secret",
    "Source",
    "SourceAnswer",
    "SourceContext",
    "SourceCursor",
    "SourceHttp",
    "SourceOptions",
    "SourceReport",
    "SourceType",
    "StoppedError",
    "UnavailableError",
    "accepted",
    "build_document",
    "deleted",
    "rejected",
]
