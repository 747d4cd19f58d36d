"""What the ingest commands share: topics, publishing with a progress bar, and the summary."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import typer

from squall.cli.output import echo, print_json, print_note
from squall.cli.progress import progress_bar
from squall.core.clock import SystemClock
from squall.core.config.settings import Settings
from squall.core.errors import BrokerUnavailableError, StoppedError
from squall.core.observability.health import Health

if TYPE_CHECKING:
    from squall.ingest.file.source import FileSource
    from squall.ingest.local.standard_input import StandardInputSource
    from squall.ingest.publish_loop import IngestReport
    from squall.ingest.source import Source


def create_topics(settings: Settings) -> None:
    """Create the topics that are missing."""
    from squall.core.kafka.topics import ensure_topics

    ensure_topics(settings.kafka, allow_plaintext=settings.allow_plaintext)


def wait_for_topics(
    settings: Settings,
    stop: threading.Event,
    health: Health,
    on_outage: Callable[[BrokerUnavailableError | None], None] | None = None,
) -> bool:
    """Create the topics that are missing, waiting until the broker is available. Returns False when stopped before that."""
    from squall.core.retry import retry_until_available

    def waiting(_attempt: int, error: BaseException | None) -> None:
        print_note(f"{error}; waiting for it")
        health.metrics.retried("broker")
        if on_outage and isinstance(error, BrokerUnavailableError):
            on_outage(error)

    try:
        retry_until_available(lambda: create_topics(settings), stop, settings.processor.retry_max_seconds, waiting)
    except StoppedError:
        return False
    health.dependencies.answered("broker")
    if on_outage:
        on_outage(None)
    return True


def publish_to_kafka(
    settings: Settings,
    source: Source,
    stop: threading.Event,
    fraction: Callable[[], float] | None = None,
    on_outage: Callable[[BrokerUnavailableError | None], None] | None = None,
    health: Health | None = None,
) -> IngestReport:
    """Publish `source` to Kafka with a progress bar; see `squall.ingest.publish_loop.publish`.

    Args:
        settings: the broker, and how long to wait between tries.
        source: closed at the end.
        stop: ends it early.
        fraction: how much of the source was read, 0 to 1; None: it has no end.
        on_outage: called with the error when the broker is unavailable, and with None when it answers again.
        health: dependencies, metrics and liveness of this process.
    """
    from squall.ingest.kafka_publisher import KafkaPublisher
    from squall.ingest.publish_loop import publish

    clock = SystemClock()
    reported = health or Health(clock)

    def note(error: BrokerUnavailableError | None) -> None:
        if error:
            reported.dependencies.failed("broker")
            reported.metrics.retried("broker")
            reported.liveness.touch(source.name)
        else:
            reported.dependencies.answered("broker")
        if on_outage:
            on_outage(error)

    publisher = KafkaPublisher(settings.kafka, settings.processor.retry_max_seconds, note, allow_plaintext=settings.allow_plaintext)
    try:
        with progress_bar() as show:

            def show_counts(report: IngestReport) -> None:
                show(f"{source.name}: {report.sent:,} sent, {report.rejected:,} rejected", fraction() if fraction else None)

            return publish(source, publisher, stop, clock, show_counts, reported)
    finally:
        publisher.close()


def exit_if_incomplete(files: Sequence[FileSource | StandardInputSource], stop: threading.Event) -> None:
    """Exit with 1, and the reason, when a file was not read to its end."""
    damage = [file.damage for file in files if file.damage]
    for line in damage:
        print_note(line)
    if stop.is_set():
        print_note("stopped before the end")
    if damage or stop.is_set():
        raise typer.Exit(1)


def print_summary(reports: Sequence[IngestReport], as_json: bool, extra: dict[str, Any] | None = None) -> None:
    """Print the summary: one line of JSON, or one line per source."""
    summaries = [report.as_dict() for report in reports]
    if as_json:
        total = {key: sum(summary[key] for summary in summaries) for key in ("sent", "duplicates", "rejected", "deleted", "batches")}
        reasons: dict[str, int] = {}
        for summary in summaries:
            for reason, count in summary["reasons"].items():
                reasons[reason] = reasons.get(reason, 0) + count
        stopped = any(summary["stopped"] for summary in summaries)
        print_json({**total, "reasons": reasons, "stopped": stopped, "sources": summaries, **(extra or {})})
        return
    for summary in summaries:
        why = ", ".join(f"{count} {reason}" for reason, count in summary["reasons"].items())
        span = f", published {summary['first_published_at']} to {summary['last_published_at']}" if summary["sent"] else ""
        rejected = f", {summary['rejected']:,} rejected ({why})" if summary["rejected"] else ""
        deleted = f", {summary['deleted']:,} deleted" if summary["deleted"] else ""
        twice = f" ({summary['duplicates']:,} of them twice)" if summary["duplicates"] else ""
        echo(f"{summary['source']}: {summary['sent']:,} sent{twice}{rejected}{deleted}{span}")
