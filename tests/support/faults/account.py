"""The account after a fault: sent = stored + duplicates + dead letters, the same number in every place that shows it, every mail once."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from squall.alerts.service import DETECTOR
from squall.storage import Store
from tests.support.faults.cluster import Cluster
from tests.support.faults.topic_reader import is_committed, messages
from tests.support.squall_process import wait_until

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
REPORTS = Path(__file__).resolve().parents[3] / "build" / "faults.jsonl"


@dataclass(frozen=True)
class Account:
    """What was found after a fault."""

    fault: str
    messages: int
    """On the documents topic."""
    stored: int
    duplicates: int
    dead_letters: int
    """Distinct ones, of ingest and of the workers."""
    recovery_seconds: dict[str, float]
    peak_megabytes: dict[str, int]
    mails: int = 0
    mails_repeated: int = 0

    def show(self) -> None:
        """Print a line, and append it to `build/faults.jsonl`."""
        seconds = ", ".join(f"{name} {value:.1f} s" for name, value in self.recovery_seconds.items())
        peaks = ", ".join(f"{name} {value} MB" for name, value in self.peak_megabytes.items())
        print(
            f"\n{self.fault}: {self.messages:,} messages = {self.stored:,} stored + {self.duplicates:,} duplicates + the workers' rejects; "
            f"{self.dead_letters:,} dead letters, {self.mails:,} mails ({self.mails_repeated} repeated); "
            f"recovery: {seconds or '-'}; peak: {peaks}"
        )
        REPORTS.parent.mkdir(exist_ok=True)
        with REPORTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(self)) + "\n")


_LEAST_WAIT = 180.0
"""Seconds."""
_SLOWEST = 40
"""Documents a second, while other work has most of two cores."""


def settle(cluster: Cluster, fault: str) -> Account:
    """Wait until everything sent is done, and check the account.

    Raises:
        AssertionError: a document, a dead letter or a mail is missing, or counted twice somewhere.
    """
    cluster.reach(cluster.sent.documents, _LEAST_WAIT + cluster.sent.documents / _SLOWEST)
    settings = cluster.kafka_settings
    wait_until(lambda: is_committed(settings), 60, "everything is committed", cluster.members["worker-1"].log)
    account = _count(cluster, fault)
    assert account.stored == cluster.sent.documents
    cluster.read(lambda store: _same_everywhere(store, account.stored))
    wait_until(lambda: cluster.read(_is_evaluated), 120, "the detector has seen everything", cluster.members["detector"].log)
    _all_mails_once(cluster)
    mailbox = cluster.mailbox  # counted now: the detector is the last to be done
    account = replace(account, mails=len(mailbox.accepted), mails_repeated=mailbox.doubled)
    account.show()
    cluster.recoveries.clear()
    return account


def _count(cluster: Cluster, fault: str) -> Account:
    """Count what is on the topics, without asking the workers."""
    settings = cluster.kafka_settings
    keys: list[bytes] = []
    nameless = 0
    for message in messages(settings, settings.documents_topic):
        if message.key is None:
            nameless += 1
        else:
            keys.append(message.key)
    assert nameless == cluster.sent.poison
    letters = {
        tuple(headers[f"squall-{name}"] for name in ("topic", "partition", "offset"))
        for headers in (dict(message.headers) for message in messages(settings, settings.dead_letter_topic))
    }
    assert len(letters) == cluster.sent.malformed + cluster.sent.poison
    stored = cluster.stored()
    assert len(set(keys)) == stored  # what is on the topic is stored, and nothing else
    return Account(
        fault=fault,
        messages=len(keys) + nameless,
        stored=stored,
        duplicates=len(keys) - stored,
        dead_letters=len(letters),
        recovery_seconds={name: round(value, 1) for name, value in cluster.recoveries.items()},
        peak_megabytes=dict(cluster.memory.peaks),
    )


def _same_everywhere(store: Store, stored: int) -> None:
    """Every count a user sees, copies included, adds up to the documents that are stored, less those in languages that no model reads."""
    day = timedelta(days=1)
    scored = stored - store.counts.totals().unscored
    minutes = store.counts.per_minute(FIRST, LAST, copies=True)
    found = {
        "by topic": sum(row.total for row in store.counts.by_topic(FIRST, LAST, copies=True)),
        "per minute": int((minutes.negative + minutes.neutral + minutes.positive).sum()),
        "volume": sum(row.news + row.social for row in store.counts.volume(FIRST, LAST, step=day)),
    }
    assert found == dict.fromkeys(found, scored)


def _is_evaluated(store: Store) -> bool:
    """The detector has come to the newest documents, but for the time that it leaves for late ones."""
    newest, position = store.documents.newest(), store.detector.position(DETECTOR)
    return newest is not None and position is not None and position.evaluated_until > newest.published_at - timedelta(minutes=15)


def _all_mails_once(cluster: Cluster) -> None:
    """Every queued message was sent, the mail server has each of them, and none of them again but after a kill of the detector."""

    def waiting() -> int:
        return cluster.read(lambda store: sum(store.notifications.waiting().values()))

    wait_until(lambda: waiting() == 0, 60, "every message is sent", cluster.members["detector"].log)
    alerts = cluster.read(lambda store: store.alerts.latest(limit=100_000))
    queued = {row.id for row in cluster.read(lambda store: [row for alert in alerts for row in store.notifications.about(alert.id)])}
    assert {identity.strip("<>").partition("@")[0] for identity in cluster.mailbox.accepted} == queued
    assert cluster.mailbox.doubled <= cluster.allowed_repeats
