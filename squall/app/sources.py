"""The sources that the settings name, and their way into the processor of this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from squall.app.pipeline import Pipeline
from squall.app.source_list.opening import listed_sources
from squall.core.clock import Clock
from squall.core.config.ingest import FileSourceSettings
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.observability.health import Health
from squall.core.records import Kind
from squall.ingest.cursors import CursorStore
from squall.ingest.file.source import FileOptions, FileSource
from squall.ingest.registry.supervised import SupervisedSource
from squall.ingest.source import Source, reported
from squall.stream.drivers.inprocess import InProcessDriver

if TYPE_CHECKING:
    from squall.ingest.push.source import PushSource


def configured_sources(settings: Settings, clock: Clock, health: Health | None = None) -> list[Source]:
    """Return the sources that the settings name.

    Raises:
        ConfigurationError: there are none, or the settings of one are wrong.
    """
    cursors = CursorStore(settings.data_dir / "cursors")
    sources: list[Source] = [FileSource(file.path, clock, _options_of(file), cursors) for file in settings.ingest.files]
    if settings.ingest.feeds is not None or settings.ingest.presets:
        from squall.ingest.rss.source import open_feeds

        sources.append(open_feeds(settings, clock, cursors, health=health))
    if settings.ingest.sources is not None:
        sources += listed_sources(settings, clock, cursors, health)
    if settings.push.enabled:
        from squall.ingest.push.source import PushSource

        sources.append(PushSource(settings.push, clock, health))
    if not sources:
        raise ConfigurationError(
            "no source is configured: no broker, no feeds, no files, no list of sources, and the push endpoint is disabled",
            'set SQUALL_INGEST__FEEDS=feeds.toml, SQUALL_INGEST__PRESETS=["wires"], SQUALL_INGEST__SOURCES=sources.toml, '
            "SQUALL_PUSH__ENABLED=true or SQUALL_KAFKA__BOOTSTRAP_SERVERS; see `squall ingest --help`",
        )
    return sources


def _options_of(file: FileSourceSettings) -> FileOptions:
    return FileOptions(
        format=file.format,
        columns=file.columns,
        kind=Kind(file.kind),
        source=file.source,
        timezone=file.timezone,
        time_format=file.time_format,
        encoding=file.encoding,
        delimiter=file.delimiter,
        escape=file.escape,
    )


def token_rotation(sources: Sequence[Source]) -> list[Callable[[Settings], None]]:
    """Return what gives the push endpoints among `sources` the tokens of new settings, for `squall.app.signals.reload_on_hangup`."""
    from squall.ingest.push.source import PushSource

    return [partial(_use_tokens, source) for source in sources if isinstance(source, PushSource)]


def _use_tokens(source: PushSource, settings: Settings) -> None:
    source.use_tokens(settings.push)


def run_sources(pipeline: Pipeline, sources: Sequence[Source]) -> None:
    """Process `sources` until they end or the pipeline is stopped, then close them.

    A file or a source of the list that fails for good does not end the others.
    """
    tracker = pipeline.tracker({source.name for source in sources})
    for source in sources:
        if not source.live:
            pipeline.processor.retry_until_available(partial(tracker.announce, source.name, [0]))
    driver = InProcessDriver(pipeline.processor, tracker, pipeline.settings.processor, pipeline.clock, pipeline.stop, pipeline.health)
    try:
        dispensable = {source.name for source in sources if not source.live or isinstance(source, SupervisedSource)}
        driver.run({source.name: reported(source, pipeline.stop, pipeline.health) for source in sources}, dispensable)
    finally:
        for source in sources:
            source.close()
