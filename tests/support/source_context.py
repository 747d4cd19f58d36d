"""The context of a source in a test: a cursor in a folder, and nothing else that lasts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from squall.core.clock import Clock, SystemClock
from squall.core.config.settings import IngestSettings
from squall.core.observability.health import Health
from squall.ingest.cursors import CursorStore
from squall.ingest.registry.context import SourceContext, SourceCursor, SourceReport
from squall.ingest.registry.http import SourceHttp


def _no_names() -> Any:
    raise AssertionError("the linker was not expected to be loaded")


def source_context(
    folder: Path | None, name: str = "s", clock: Clock | None = None, linker: Callable[[], Any] = _no_names
) -> SourceContext:
    """Return a context; without a folder no cursor is kept."""
    clock = clock or SystemClock()
    return SourceContext(
        name=name,
        clock=clock,
        random=Random(1),
        cursor=SourceCursor(CursorStore(folder) if folder else None, name),
        report=SourceReport(name, Health(clock)),
        http=SourceHttp(IngestSettings()),
        linker=linker,
    )
