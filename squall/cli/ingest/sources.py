"""`squall ingest sources`."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from squall.cli.ingest.publishing import print_summary, publish_to_kafka, wait_for_topics
from squall.cli.options import AsJson, settings_of
from squall.cli.output import print_note
from squall.core.clock import SystemClock
from squall.core.config.settings import Settings
from squall.core.errors import SquallError
from squall.core.observability.health import Health

if TYPE_CHECKING:
    from squall.ingest.publish_loop import IngestReport
    from squall.ingest.source import Source

SourcesFile = Annotated[Path | None, typer.Argument(metavar="FILE", help="TOML list of sources; default: SQUALL_INGEST__SOURCES.")]


def from_sources(context: typer.Context, file: SourcesFile = None, as_json: AsJson = False) -> None:
    """Publish the sources of a list until stopped.

    Each [[source]] has a type, a name of its own, and the type's options: `squall ingest types` shows them, docs/sources.md explains
    them. What a source delivers goes to Kafka; its position is stored once Kafka has it, so that a restart goes on there. A source
    that fails is opened again after a pause, two seconds at first and 15 minutes at most; one that can't go on, as when its password is
    refused, is given up, and the others continue. `squall ingest check` asks each of them first.
    Secrets stay out of the file: password = "secret:desk_mail" takes SQUALL_INGEST__SECRETS__DESK_MAIL, or the file of that name in
    SQUALL_SECRETS_DIR.

    \b
    The list, sources.toml:
      [[source]]
      type = "folder"
      name = "vendor-drop"      # the stream's name, unique
      path = "/data/incoming"

    \b
    Examples:
      squall ingest sources sources.toml
      squall ingest check sources.toml
    """
    from squall.app.metrics_and_probes import serving
    from squall.app.signals import stop_on_signals
    from squall.app.source_list.opening import listed_sources
    from squall.ingest.cursors import CursorStore

    settings, clock = with_list(settings_of(context, broker=True), file), SystemClock()
    with stop_on_signals() as stop, serving(settings, clock, "broker") as health:
        sources = listed_sources(settings, clock, CursorStore(settings.data_dir / "cursors"), health)
        if wait_for_topics(settings, stop, health):
            reports, failed = _publish_each(settings, sources, stop, health)
            print_summary(reports, as_json, {"failed": failed})
            if failed:
                raise typer.Exit(1)


def with_list(settings: Settings, file: Path | None) -> Settings:
    """Return the settings with the list that the command line names, if it names one."""
    if file is None:
        return settings
    return settings.model_copy(update={"ingest": settings.ingest.model_copy(update={"sources": file})})


def _publish_each(
    settings: Settings, sources: Sequence[Source], stop: threading.Event, health: Health
) -> tuple[list[IngestReport], dict[str, str]]:
    """Publish every source on a thread of its own; return the reports, and why sources were given up."""
    failed: dict[str, str] = {}

    def publish(source: Source) -> IngestReport | None:
        try:
            return publish_to_kafka(settings, source, stop, health=health)
        except SquallError as error:
            failed[source.name] = str(error)
            print_note(f"{source.name} is given up: {error}")
            return None

    with ThreadPoolExecutor(len(sources), thread_name_prefix="source") as pool:
        reports = list(pool.map(publish, sources))
    return [report for report in reports if report is not None], failed
