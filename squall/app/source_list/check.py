"""Asks every source of the list, for `squall ingest check`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from squall.app.source_list.opening import configured_list, context_maker
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.errors import SquallError
from squall.core.observability.health import Health
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.source_list import ConfiguredSource


@dataclass(frozen=True, slots=True)
class SourceResult:
    """What one source answered.

    Args:
        name: of the source.
        type: of the source.
        ok: whether it answered.
        detail: the error, or what else there is to say.
        last_document_at: when the newest document that was seen was published; None if there was none.
        age: seconds since then.
        documents: how many were seen.
        rejected: how many items are no documents.
    """

    name: str
    type: str
    ok: bool
    detail: str
    last_document_at: datetime | None = None
    age: float | None = None
    documents: int = 0
    rejected: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the result for `--json`."""
        return {
            "name": self.name,
            "type": self.type,
            "ok": self.ok,
            "last_document_age_seconds": None if self.age is None else round(self.age, 3),
            "documents": self.documents,
            "rejected": self.rejected,
            "detail": self.detail,
        }


def ask_sources(settings: Settings, clock: Clock, stop: threading.Event, seconds: float) -> list[SourceResult]:
    """Return the answers of all sources of the list, in its order; they are asked side by side.

    Raises:
        ConfigurationError: no list is set, or it is wrong.
    """
    sources = configured_list(settings)
    make = context_maker(settings, clock, None, Health(clock))
    with ThreadPoolExecutor(len(sources), thread_name_prefix="check") as pool:
        return list(pool.map(lambda source: _ask(source, make, clock, stop, seconds), sources))


def _ask(
    source: ConfiguredSource, make: Callable[[ConfiguredSource], SourceContext], clock: Clock, stop: threading.Event, seconds: float
) -> SourceResult:
    try:
        answer = source.type.check(source.options, make(source), stop, seconds)
    except SquallError as error:
        return SourceResult(source.name, source.type.name, ok=False, detail=str(error))
    except Exception as error:  # noqa: BLE001 - a fault of one type must not hide the answers of the others
        return SourceResult(source.name, source.type.name, ok=False, detail=f"unforeseen: {type(error).__name__}: {error}")
    newest = answer.last_document_at
    age = (clock.now() - newest).total_seconds() if newest else None
    return SourceResult(
        source.name,
        source.type.name,
        ok=True,
        detail=answer.detail,
        last_document_at=newest,
        age=age,
        documents=answer.documents,
        rejected=answer.rejected,
    )
