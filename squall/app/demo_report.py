"""What the demo came to: counted in the store and on Kafka, compared with the script."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import typer
from kafka import KafkaConsumer, TopicPartition
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from squall.app.pipeline import Pipeline
from squall.core.config.settings import Settings
from squall.core.kafka.client import client_arguments
from squall.core.net.addresses import redact_url
from squall.core.records import Alert
from squall.ingest.synthetic.stream import StreamScript
from squall.stream.processor import Tally

log = logging.getLogger("squall.demo")

EXIT_LOST = 1
PAGE_WIDTH = 120
LINES = 10
"""Lines of progress where there is no terminal."""


@dataclass(frozen=True)
class Sent:
    """What the producers report: acknowledged by Kafka."""

    documents: int
    rejected: int
    poison: int


@dataclass(frozen=True)
class DemoReport:
    """The demo's result; `sent = stored + duplicate + dead_lettered`, each counted in a different place."""

    sent: int
    stored: int
    duplicate: int
    dead_lettered: int
    adds_up: bool
    expected: dict[str, int]
    dead_letter_reasons: dict[str, int]
    alerts: dict[str, int]
    alert_list: list[dict[str, Any]]
    emails: int
    texts_per_second: float
    seconds: float
    latency_seconds: dict[str, float]
    topics: list[dict[str, Any]]
    model_version: str
    outbox: str
    data: str
    retries: int

    @property
    def exit_code(self) -> int:
        """0 when nothing was lost, the crisis was found and nothing else was called one."""
        return 0 if self.adds_up and not self.alerts["missed"] else EXIT_LOST


@contextmanager
def show_progress(total: int, *, quiet: bool) -> Iterator[Callable[[int, Tally], None]]:
    """A progress bar on standard error (a line now and then where that is no terminal); yields the function that moves it."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.fields[note]}"))
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task("three days go by", total=total, note="")
        said = 0

        def advance(done: int, tally: Tally) -> None:
            nonlocal said
            bar.update(task, completed=done, note=f"{tally.duplicate} duplicates, {tally.rejected} dead letters")
            if bar.disable and done * LINES // total > said:
                said = done * LINES // total
                log.info("%d of %d: %d stored, %d duplicates, %d dead letters", done, total, tally.stored, tally.duplicate, tally.rejected)

        yield advance


def count_dead_letters(settings: Settings) -> dict[str, int]:
    """Read the dead-letter topic from its beginning and count by reason."""
    consumer = KafkaConsumer(
        **client_arguments(settings.kafka, allow_plaintext=settings.allow_plaintext), auto_offset_reset="earliest", enable_auto_commit=False
    )
    try:
        topic = settings.kafka.dead_letter_topic
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        left = {partition: end for partition, end in consumer.end_offsets(partitions).items() if end > 0}
        reasons: dict[str, int] = {}
        while any(consumer.position(partition) < end for partition, end in left.items()):
            for messages in consumer.poll(timeout_ms=500).values():
                for message in messages:
                    reason = dict(message.headers).get("squall-reason", b"unknown").decode()
                    reasons[reason] = reasons.get(reason, 0) + 1
        return dict(sorted(reasons.items()))
    finally:
        consumer.close()


def judge_alerts(script: StreamScript, alerts: list[Alert]) -> dict[str, int]:
    """Compare fired alerts with the script: one crisis to find, everything outside its time is false."""
    during = [alert for alert in alerts if script.crisis.start <= alert.opened_at <= script.crisis.end]
    found = any(alert.topic in script.crisis.topics for alert in during)
    return {"found": int(found), "missed": int(not found), "false": len(alerts) - len(during), "fired": len(alerts)}


def build_report(settings: Settings, pipeline: Pipeline, script: StreamScript, sent: Sent, seconds: float) -> DemoReport:
    """Count everything where it ended up."""
    store, tally = pipeline.store, pipeline.processor.tally
    stored = store.counts.totals().documents
    letters = count_dead_letters(settings)
    expected = {
        "stored": script.documents,
        "duplicate": script.redeliveries,
        "dead_lettered": script.malformed + sent.poison,
    }
    counted = {"stored": stored, "duplicate": tally.duplicate, "dead_lettered": sum(letters.values())}
    total = sent.documents + sent.rejected + sent.poison
    latency = store.documents.latency(script.start, script.end).since_collected
    alerts = [alert for alert in store.alerts.latest(limit=1000) if alert.fired_at is not None]
    return DemoReport(
        sent=total,
        **counted,
        adds_up=counted == expected and total == sum(counted.values()),
        expected=expected,
        dead_letter_reasons=letters,
        alerts=judge_alerts(script, alerts),
        alert_list=[_alert_row(alert) for alert in sorted(alerts, key=lambda alert: alert.opened_at)],
        emails=len(list(settings.outbox.glob("*.eml"))) if not settings.alerts.smtp_host else 0,
        texts_per_second=round(stored / seconds, 1),
        seconds=round(seconds, 1),
        latency_seconds={name: round(value, 3) for name, value in asdict(latency).items()},
        topics=[
            {"topic": row.name, "negative": row.negative, "neutral": row.neutral, "positive": row.positive}
            for row in store.counts.by_topic(script.start, script.end, copies=True)
        ],
        model_version=pipeline.engine.model_version,
        outbox=f"smtp://{settings.alerts.smtp_host}:{settings.alerts.smtp_port}" if settings.alerts.smtp_host else str(settings.outbox),
        data=redact_url(settings.store_url),
        retries=tally.retries,
    )


def _alert_row(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "topic": alert.topic,
        "state": alert.state.value,
        "severity": alert.severity.value,
        "opened_at": alert.opened_at.isoformat(timespec="minutes"),
        "resolved_at": alert.resolved_at.isoformat(timespec="minutes") if alert.resolved_at else None,
        "observed": alert.observed,
        "expected": round(alert.expected, 2),
        "p_value": alert.p_value,
    }


def print_report(report: DemoReport, *, as_json: bool) -> None:
    """Print for a person, or JSON."""
    if as_json:
        typer.echo(orjson.dumps(asdict(report), option=orjson.OPT_INDENT_2))
        return
    console = Console(width=None if sys.stdout.isatty() else PAGE_WIDTH)
    console.print(_topic_table(report))
    console.print(_alert_table(report))
    sums = "adds up" if report.adds_up else f"does NOT add up: expected {report.expected}"
    found = "found" if report.alerts["found"] else "MISSED"
    latency = report.latency_seconds
    lines = [
        f"Sent {report.sent:,} = stored {report.stored:,} + duplicates {report.duplicate:,} + dead letters {report.dead_lettered:,}: "
        f"{sums}.",
        f"Crisis {found}; false alerts: {report.alerts['false']}.",
        f"{report.texts_per_second:,.0f} texts/s over {report.seconds:.0f} s (paced by the replay speed); "
        f"from publication to the table p50 {latency['p50']:.2f} s, p99 {latency['p99']:.2f} s.",
        f"{report.emails} e-mails: {report.outbox}",
        f"Data:     {report.data}",
        "",
        "Next: `squall demo --keep` leaves it running with the live page; `squall up` watches your own feeds; "
        "`squall doctor` checks your servers.",
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _topic_table(report: DemoReport) -> Table:
    table = Table(title="Topic × sentiment, documents", title_justify="left")
    table.add_column("topic")
    for name in ("negative", "neutral", "positive"):
        table.add_column(name, justify="right")
    for row in report.topics:
        table.add_row(row["topic"], *(f"{row[name]:,}" for name in ("negative", "neutral", "positive")))
    return table


def _alert_table(report: DemoReport) -> Table:
    table = Table(title="Alerts (event time, UTC)", title_justify="left")
    for name in ("opened", "resolved", "topic", "severity"):
        table.add_column(name)
    for name in ("negative", "expected", "p-value"):
        table.add_column(name, justify="right")
    for row in report.alert_list:
        table.add_row(
            row["opened_at"][:16],
            (row["resolved_at"] or row["state"])[:16],
            row["topic"],
            row["severity"],
            str(row["observed"]),
            f"{row['expected']:.1f}",
            f"{row['p_value']:.1e}",
        )
    return table


def print_how_to_look(url: str, settings: Settings) -> None:
    """Say where everything is while it keeps running."""
    api = url.rstrip("/")
    for line in (
        "",
        "Everything keeps running until Ctrl-C. To look at it:",
        f"  live page   {url}",
        f"  alerts      curl {api}/api/alerts",
        f"  e-mails     ls {Path(settings.outbox)}",
        f"  Kafka       SQUALL_KAFKA__BOOTSTRAP_SERVERS={settings.kafka.bootstrap_servers} "
        f"SQUALL_KAFKA__DOCUMENTS_TOPIC={settings.kafka.documents_topic} squall replay FILE",
    ):
        typer.echo(line)
