"""Squall: a streaming financial sentiment monitor, as a library.

    import squall

    scores = squall.score(["Harbor Union Bank halts withdrawals", "Apple beats estimates"])
    scores["sentiment"].labels        # ["negative", "positive"]
    scores.to_frame()                 # the same as a pandas frame, with every probability

    for document in squall.documents("news.csv"):   # the records that `squall ingest file` would send
        ...

    with squall.open_store("chdb:///data/squall/chdb") as store:
        store.documents(topic="Financials", sentiment="negative", limit=20)

docs/python.md describes each name. What is not listed in `__all__` is internal and may change without notice.

The exceptions, all below `SquallError`, which carries `what` happened and a `hint` what to do:

    SquallError
    ├── ConfigurationError         a setting or an argument is wrong
    ├── InvalidRecordError         a row or message is not a document
    ├── UnavailableError           no answer; trying again may help
    │   ├── StoreUnavailableError
    │   └── BrokerUnavailableError
    ├── StoreError                 the store refuses; trying again does not help
    │   ├── StoreRefusedError      also a ConfigurationError: login, certificate or protocol
    │   ├── StoreLockedError       another process owns the embedded store
    │   └── StoreMissingError      there is no store, and none was to be created
    ├── TooManyRejectsError        a worker stopped before it dead-lettered everything
    ├── ModelFaultError            the model failed on every text; nothing was dead-lettered
    └── StoppedError               the work was given up on request
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from squall.core.version import __version__

if TYPE_CHECKING:
    from squall.core.config.loading import load_settings
    from squall.core.config.settings import Settings
    from squall.core.errors import (
        BrokerUnavailableError,
        ConfigurationError,
        InvalidRecordError,
        ModelFaultError,
        SquallError,
        StoppedError,
        StoreError,
        StoreLockedError,
        StoreMissingError,
        StoreRefusedError,
        StoreUnavailableError,
        TooManyRejectsError,
        UnavailableError,
    )
    from squall.core.items import Rejection
    from squall.core.records import Alert, AlertState, Document, Kind, ScoredDocument, Sentiment, SeriesKind, Severity
    from squall.library.files import documents
    from squall.library.scoring import Model, TaskScores, TextScores, score
    from squall.library.store import Rows, StoreReader, open_store
    from squall.storage.rows.counts import MinuteCount, SentimentCount, Totals
    from squall.storage.rows.documents import ModelVersion, StoredDocument
    from squall.storage.rows.entities import EntityCount
    from squall.storage.rows.mentions import EntityDocument, StoredMention
    from squall.stream.entity_tones import EntityTone


_HOMES: Final = {
    "squall.core.config.loading": ("load_settings",),
    "squall.core.config.settings": ("Settings",),
    "squall.core.items": ("Rejection",),
    "squall.core.errors": (
        "BrokerUnavailableError", "ConfigurationError", "InvalidRecordError", "ModelFaultError", "SquallError", "StoppedError",
        "StoreError",
        "StoreLockedError", "StoreMissingError", "StoreRefusedError", "StoreUnavailableError", "TooManyRejectsError", "UnavailableError",
    ),
    "squall.core.records": ("Alert", "AlertState", "Document", "Kind", "ScoredDocument", "Sentiment", "SeriesKind", "Severity"),
    "squall.library.files": ("documents",),
    "squall.library.scoring": ("Model", "TaskScores", "TextScores", "score"),
    "squall.library.store": ("Rows", "StoreReader", "open_store"),
    "squall.storage.rows.counts": ("MinuteCount", "SentimentCount", "Totals"),
    "squall.storage.rows.documents": ("ModelVersion", "StoredDocument"),
    "squall.storage.rows.entities": ("EntityCount",),
    "squall.storage.rows.mentions": ("EntityDocument", "StoredMention"),
    "squall.stream.entity_tones": ("EntityTone",),
}  # fmt: skip
"""Where each public name is defined: imported at its first use, so that `import squall` costs nothing."""

_HOME_OF: Final = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Alert",
    "AlertState",
    "BrokerUnavailableError",
    "ConfigurationError",
    "Document",
    "EntityCount",
    "EntityDocument",
    "EntityTone",
    "InvalidRecordError",
    "Kind",
    "MinuteCount",
    "Model",
    "ModelFaultError",
    "ModelVersion",
    "Rejection",
    "Rows",
    "ScoredDocument",
    "Sentiment",
    "SentimentCount",
    "SeriesKind",
    "Settings",
    "Severity",
    "SquallError",
    "StoppedError",
    "StoreError",
    "StoreLockedError",
    "StoreMissingError",
    "StoreReader",
    "StoreRefusedError",
    "StoreUnavailableError",
    "StoredDocument",
    "StoredMention",
    "TaskScores",
    "TextScores",
    "TooManyRejectsError",
    "Totals",
    "UnavailableError",
    "__version__",
    "documents",
    "load_settings",
    "open_store",
    "score",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'squall' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
