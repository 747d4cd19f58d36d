"""What the ingest commands share: topics, the way onto Kafka with a progress bar, and the summary."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import orjson
import typer

from squall.core.clock import SystemClock
from squall.core.config.settings import Settings
from squall.core.errors import BrokerUnavailableError, StoppedError
from squall.core.observability.health import Health

if TYPE_CHECKING:
    from squall.ingest.file.source import FileSource
    from squall.ingest.publish_loop import IngestReport
    from squall.ingest.source import Source


def create_topics(settings: Settings) -> None:
    """Create the topics where they are missing."""
    from squall.core.kafka.topics import ensure_topics

    ensure_topics(settings.kafka, allow_plaintext=settings.allow_plaintext)


def topics_or_stop(
    settings: Settings,
    stop: threading.Event,
    health: Health,
    on_outage: Callable[[BrokerUnavailableError | None], None] | None = None,
) -> bool:
    """Create the topics, waiting for the broker as long as it takes: a service outlives it. False when stopped before."""
    from squall.core.retry import retry_until_available

    def waiting(_attempt: int, error: BaseException | None) -> None:
        typer.echo(f"squall: {error}; waiting for it", err=True)
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
    """Move `source` onto Kafka with a progress bar; see `squall.ingest.publish_loop.publish`."""
    from squall.ingest.kafka_publisher import KafkaPublisher
    from squall.ingest.publish_loop import publish

    clock = SystemClock()
    told = health or Health(clock)

    def note(error: BrokerUnavailableError | None) -> None:
        if error:
            told.dependencies.failed("broker")
            told.metrics.retried("broker")
            told.liveness.touch(source.name)
        else:
            told.dependencies.answered("broker")
        if on_outage:
            on_outage(error)

    publisher = KafkaPublisher(settings.kafka, settings.processor.retry_max_seconds, note, allow_plaintext=settings.allow_plaintext)
    try:
        with _progress(source.name, fraction) as show:
            return publish(source, publisher, stop, clock, show, told)
    finally:
        publisher.close()


@contextmanager
def _progress(name: str, fraction: Callable[[], float] | None) -> Iterator[Callable[[IngestReport], None]]:
    """A bar on standard error, where that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=1.0 if fraction else None, counts="")

        def show(report: IngestReport) -> None:
            bar.update(task, completed=fraction() if fraction else 0, counts=f"{report.sent:,} sent, {report.rejected:,} rejected")

        yield show


def finish_files(
    reports: Sequence[IngestReport], files: Sequence[FileSource], stop: threading.Event, as_json: bool, extra: dict[str, Any] | None = None
) -> None:
    """Print the summary of file sources, then end with exit code 1 if one was not read to its end."""
    print_summary(reports, as_json, extra or {})
    end_of_files(files, stop)


def end_of_files(files: Sequence[FileSource], stop: threading.Event) -> None:
    """End with exit code 1, and why, if a file was not read to its end."""
    damage = [file.damage for file in files if file.damage]
    for line in damage:
        typer.echo(f"squall: {line}", err=True)
    if stop.is_set():
        typer.echo("squall: stopped before the end", err=True)
    if damage or stop.is_set():
        raise typer.Exit(1)


def print_summary(reports: Sequence[IngestReport], as_json: bool, extra: dict[str, Any]) -> None:
    """The summary: one line of JSON, or one sentence per source."""
    summaries = [report.as_dict() for report in reports]
    if as_json:
        total = {key: sum(summary[key] for summary in summaries) for key in ("sent", "rejected", "batches")}
        reasons: dict[str, int] = {}
        for summary in summaries:
            for reason, count in summary["reasons"].items():
                reasons[reason] = reasons.get(reason, 0) + count
        stopped = any(summary["stopped"] for summary in summaries)
        typer.echo(orjson.dumps({**total, "reasons": reasons, "stopped": stopped, "sources": summaries, **extra}).decode())
        return
    for summary in summaries:
        why = ", ".join(f"{count} {reason}" for reason, count in summary["reasons"].items())
        span = f", published {summary['first_published_at']} to {summary['last_published_at']}" if summary["sent"] else ""
        rejected = f", {summary['rejected']:,} rejected ({why})" if summary["rejected"] else ""
        typer.echo(f"{summary['source']}: {summary['sent']:,} sent{rejected}{span}")


def as_lines(summary: dict[str, Any]) -> str:
    """A summary for people."""
    return "\n".join(f"{key}: {value}" for key, value in summary.items())
