"""Opens the sources of the list, each with a context of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from random import Random
from typing import TYPE_CHECKING

from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.observability.health import Health
from squall.ingest.cursors import CursorStore
from squall.ingest.registry.context import SourceContext, SourceCursor, SourceReport
from squall.ingest.registry.http import SourceHttp
from squall.ingest.registry.source_list import ConfiguredSource, load_sources
from squall.ingest.registry.supervised import SupervisedSource
from squall.ingest.registry.types import installed_types
from squall.ingest.source import Source

if TYPE_CHECKING:
    from squall.entities.linking.linker import Linker


def configured_list(settings: Settings) -> tuple[ConfiguredSource, ...]:
    """Return the sources that `settings.ingest.sources` lists.

    Raises:
        ConfigurationError: no list is set, or it is wrong.
    """
    if settings.ingest.sources is None:
        raise ConfigurationError("no list of sources is set", "set SQUALL_INGEST__SOURCES=sources.toml")
    return load_sources(settings.ingest.sources, installed_types(), settings.ingest.secrets)


def listed_sources(settings: Settings, clock: Clock, cursors: CursorStore, health: Health | None = None) -> list[Source]:
    """Return the sources of the list, each opened, and opened again when it fails.

    Raises:
        ConfigurationError: no list is set, or it is wrong.
    """
    make = context_maker(settings, clock, cursors, health or Health(clock))
    most_rejects = settings.ingest.max_consecutive_rejects
    return [SupervisedSource(each, make(each), most_rejects) for each in configured_list(settings)]


def context_maker(
    settings: Settings, clock: Clock, cursors: CursorStore | None, health: Health
) -> Callable[[ConfiguredSource], SourceContext]:
    """Return what makes the context of each source of a list.

    Args:
        settings: of HTTP, times, names.
        clock: of every source.
        cursors: None: positions are neither read nor stored.
        health: what sources report to.
    """

    @cache
    def linker() -> Linker:
        from squall.app.linking import open_linker

        return open_linker(settings.entities)

    http = SourceHttp(settings.ingest)

    def make(source: ConfiguredSource) -> SourceContext:
        return SourceContext(
            name=source.name,
            clock=clock,
            random=Random(),  # noqa: S311 - jitter
            cursor=SourceCursor(cursors, source.cursor_name),
            report=SourceReport(source.name, health),
            http=http,
            linker=linker,
            most_ahead=timedelta(seconds=settings.processor.max_future_seconds),
            allow_plaintext=settings.allow_plaintext,
        )

    return make
