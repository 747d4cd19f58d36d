"""The result of the demo: counted in the store and on Kafka, compared with the script."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from squall.app.pipeline import Pipeline
from squall.core.config.settings import Settings
from squall.core.kafka.client import client_arguments, open_client
from squall.core.net.addresses import redact_url
from squall.core.records import Alert, SeriesKind
from squall.ingest.synthetic.stream import StreamScript

EXIT_FAILED = 1


@dataclass(frozen=True)
class Sent:
    """What the producers report as acknowledged by Kafka."""

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
        """0 when no document was lost and the crisis was detected."""
        return 0 if self.adds_up and not self.alerts["missed"] else EXIT_FAILED


def count_dead_letters(settings: Settings) -> dict[str, int]:
    """Read the dead-letter topic from its beginning and count by reason."""
    arguments = client_arguments(settings.kafka, allow_plaintext=settings.allow_plaintext)
    consumer = open_client(KafkaConsumer, **arguments, auto_offset_reset="earliest", enable_auto_commit=False)
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
    """Compare fired alerts with the script: there is one crisis; an alert about a series outside its time is a false alarm.

    Alerts about names have a budget, and the stream tells of small troubles all the time, so that they are only counted (`names`);
    `named` says whether one is about whom the crisis is about.
    """
    names = [alert for alert in alerts if alert.kind is SeriesKind.ENTITY]
    series = [alert for alert in alerts if alert.kind is not SeriesKind.ENTITY]
    during = [alert for alert in series if _in_crisis(script, alert)]
    found = any(alert.topic in script.crisis.topics for alert in during)
    named = any(alert.topic == script.crisis.name and _in_crisis(script, alert) for alert in names)
    counts = {"found": int(found), "missed": int(not found), "false": len(series) - len(during), "fired": len(alerts)}
    return {**counts, "names": len(names), "named": int(named)}


def _in_crisis(script: StreamScript, alert: Alert) -> bool:
    return script.crisis.start <= alert.opened_at <= script.crisis.end


def build_report(settings: Settings, pipeline: Pipeline, script: StreamScript, sent: Sent, seconds: float) -> DemoReport:
    """Count stored documents, dead letters and alerts where they were written."""
    store, totals = pipeline.store, pipeline.processor.totals
    stored = store.counts.totals().documents
    letters = count_dead_letters(settings)
    expected = {
        "stored": script.documents,
        "duplicate": script.redeliveries,
        "dead_lettered": script.malformed + sent.poison,
    }
    counted = {"stored": stored, "duplicate": totals.duplicates, "dead_lettered": sum(letters.values())}
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
        emails=len(list(settings.outbox.glob("*.eml"))),
        texts_per_second=round(stored / seconds, 1),
        seconds=round(seconds, 1),
        latency_seconds={name: round(value, 3) for name, value in asdict(latency).items()},
        topics=[
            {"topic": row.name, "negative": row.negative, "neutral": row.neutral, "positive": row.positive}
            for row in store.counts.by_topic(script.start, script.end, copies=True)
        ],
        model_version=pipeline.engine.model_version,
        outbox=str(settings.outbox),
        data=redact_url(settings.store_url),
        retries=totals.retries,
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
