"""The partitions of a topic: reading them, and the positions that are stored on its broker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import AuthorizationError, KafkaConfigurationError, KafkaError, UnsupportedVersionError
from kafka.structs import OffsetAndMetadata

from squall.core.config.kafka import KafkaSettings
from squall.core.errors import ConfigurationError, SquallError, UnavailableError
from squall.core.kafka.client import client_arguments, open_client
from squall.core.kafka.security import refusal
from squall.ingest.registry.live import RefusedError
from squall.ingest.topic.mapping import Message

_POLL_MS: Final = 100
_METADATA_MS: Final = 30_000
_WRONG: Final = (KafkaConfigurationError, UnsupportedVersionError)

Positions = Mapping[int, int]
"""Partition → offset of the next message."""


class TopicConsumer:
    """Reads every partition of a topic from its stored position. Positions are stored with a consumer of their own, by any thread.

    The group does not share out the partitions: one process reads them all. Its committed offsets are what tools for lag show.

    Args:
        settings: broker, login.
        topic: to read.
        group: whose offsets are used.
        allow_plaintext: the setting of that name.
        described: makes a message of ours name the options of the source.
    """

    def __init__(self, settings: KafkaSettings, topic: str, group: str, *, allow_plaintext: bool, described: Callable[[str], str]) -> None:
        self._settings = settings
        self._topic = topic
        self._group = group
        self._allow_plaintext = allow_plaintext
        self._described = described
        self._reader: Any = None
        self._committer: Any = None
        self._closed = False
        self._lock = threading.Lock()

    def start(self, begin: str) -> list[int]:
        """Connect and go to the stored positions; where there is none, to `begin` (`earliest` or `latest`), which is stored.

        Return the partitions that no longer have what is at their stored position; they are read from their beginning.

        Raises:
            UnavailableError: the broker does not answer, or there is no such topic.
            ConfigurationError: the broker refuses.
        """
        with self._errors():
            self._reader = self._open()
            partitions = self._partitions()
            self._reader.assign(partitions)
            begins, ends = self._reader.beginning_offsets(partitions), self._reader.end_offsets(partitions)
            first = ends if begin == "latest" else begins
            stored = {partition: self._committed(partition) for partition in partitions}
        missing = {partition.partition: first[partition] for partition, offset in stored.items() if offset is None}
        if missing:
            self.commit(missing)
        lost = [each for each, offset in stored.items() if offset is not None and not begins[each] <= offset <= ends[each]]
        with self._errors():
            for partition, offset in stored.items():
                self._reader.seek(partition, begins[partition] if partition in lost else first[partition] if offset is None else offset)
        return [partition.partition for partition in lost]

    def poll(self, most: int) -> list[Message]:
        """Return messages, at most `most`; none after a tenth of a second.

        Raises:
            UnavailableError: the broker does not answer.
            ConfigurationError: the broker refuses.
        """
        with self._errors():
            found = self._reader.poll(timeout_ms=_POLL_MS, max_records=most)
        return [
            Message(record.partition, record.offset, record.timestamp, record.key, record.value)
            for records in found.values()
            for record in records
        ]

    def is_caught_up(self) -> bool:
        """Return whether every partition is read to its end, as far as is known."""
        with self._errors():
            return all((self._reader.highwater(each) or 0) <= self._reader.position(each) for each in self._reader.assignment())

    def find_new_partitions(self) -> None:
        """Read partitions that the topic has got since, from their beginning."""
        with self._errors():
            known = self._reader.assignment()
            new = [each for each in self._partitions() if each not in known]
            if new:
                positions = {each: self._reader.position(each) for each in known}
                self._reader.assign([*known, *new])
                for each in new:
                    self._reader.seek(each, 0)
                for each, offset in positions.items():
                    self._reader.seek(each, offset)

    def newest(self, stop: threading.Event, until: Callable[[], bool]) -> tuple[list[Message], Positions]:
        """Return the last message of each partition, and how many messages are behind the stored position; nothing is stored."""
        with self._errors():
            self._reader = self._open()
            partitions = self._partitions()
            self._reader.assign(partitions)
            ends, begins = self._reader.end_offsets(partitions), self._reader.beginning_offsets(partitions)
            stored = {partition: self._committed(partition) for partition in partitions}
            awaited = {partition for partition in partitions if ends[partition] > begins[partition]}
            for partition in partitions:
                self._reader.seek(partition, max(begins[partition], ends[partition] - 1))
        found: dict[int, Message] = {}
        while awaited - {TopicPartition(self._topic, number) for number in found} and not stop.is_set() and not until():
            found |= {message.partition: message for message in self.poll(100)}
        lags = {each.partition: ends[each] - (begins[each] if offset is None else offset) for each, offset in stored.items()}
        return list(found.values()), lags

    def commit(self, positions: Positions) -> None:
        """Store `positions` on the broker.

        Raises:
            UnavailableError: the broker does not answer: try again.
            ConfigurationError: the broker refuses.
        """
        offsets = {TopicPartition(self._topic, number): OffsetAndMetadata(offset, "", -1) for number, offset in positions.items()}
        with self._lock, self._errors():
            self._committer = self._committer or self._open(group_id=self._group)
            try:
                self._committer.commit(offsets)
            finally:
                if self._closed:  # a batch that was on its way
                    committer, self._committer = self._committer, None
                    _disconnect(committer)

    def close(self) -> None:
        """Disconnect; a later `commit` connects once more, for itself."""
        reader, self._reader = self._reader, None
        with self._lock:
            self._closed = True
            committer, self._committer = self._committer, None
        for consumer in (reader, committer):
            if consumer is not None:
                _disconnect(consumer)

    def _open(self, **further: Any) -> Any:
        arguments = client_arguments(self._settings, allow_plaintext=self._allow_plaintext)
        own = {
            "group_id": None,
            "enable_auto_commit": False,
            "auto_offset_reset": "earliest",
            "isolation_level": "read_committed",  # what a transaction takes back was never said
            "metadata_max_age_ms": _METADATA_MS,  # new partitions
            "reconnect_backoff_max_ms": 1_000,
        }
        try:
            return open_client(KafkaConsumer, **arguments, **(own | further))
        except ValueError as error:
            raise KafkaConfigurationError(str(error)) from error

    def _committed(self, partition: TopicPartition) -> int | None:
        with self._lock:
            self._committer = self._committer or self._open(group_id=self._group)
            offset: int | None = self._committer.committed(partition)
            return offset

    def _partitions(self) -> Sequence[TopicPartition]:
        numbers = self._reader.partitions_for_topic(self._topic)
        if not numbers:
            raise UnavailableError(f"the broker has no topic {self._topic!r}", "correct topic, or create it")
        return [TopicPartition(self._topic, number) for number in sorted(numbers)]

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except _WRONG as error:
            what = self._described(str(error))
            raise ConfigurationError(
                f"Kafka refuses {self._topic!r}: {type(error).__name__}: {what}", "correct the source's options"
            ) from error
        except AuthorizationError as error:  # whoever grants rights may do so later
            raise RefusedError(
                f"Kafka refuses {self._topic!r}: {type(error).__name__}", "give the user the right to read the topic and its group"
            ) from error
        except (KafkaError, OSError, ValueError) as error:
            refused = refusal(self._settings)
            if refused is not None:
                raise type(refused)(self._described(refused.what), self._described(refused.hint)) from error
            did = "sent what can't be read" if isinstance(error, ValueError) else "did not answer"
            raise UnavailableError(f"Kafka at {self._settings.bootstrap_servers} {did}: {type(error).__name__}: {error}") from error
        except ConfigurationError as error:
            raise ConfigurationError(self._described(error.what), self._described(error.hint)) from error
        except SquallError:
            raise


def _disconnect(consumer: Any) -> None:
    with suppress(KafkaError, OSError):
        consumer.close(autocommit=False, timeout_ms=1_000)
