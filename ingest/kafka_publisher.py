"""Documents and dead letters onto Kafka: in order, and without loss while the broker is unavailable."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

from kafka.errors import (
    AuthorizationError,
    InvalidTopicError,
    KafkaConfigurationError,
    KafkaError,
    MessageSizeTooLargeError,
    SaslAuthenticationFailedError,
    UnsupportedVersionError,
)

from squall.core.codec import HEADERS, dead_letter_headers, encode_document
from squall.core.config.kafka import KafkaSettings
from squall.core.errors import BrokerUnavailableError, ConfigurationError, StoppedError
from squall.core.items import DeadLetter
from squall.core.kafka.client import discard_producer, open_producer, unavailable
from squall.core.kafka.security import refusal
from squall.core.records import Document
from squall.core.retry import retry_until_available

log = logging.getLogger(__name__)

Message = tuple[str, bytes | None, bytes | None, list[tuple[str, bytes]]]
"""Topic, key, value, headers."""

_PERMANENT = (
    AuthorizationError,
    InvalidTopicError,
    KafkaConfigurationError,
    MessageSizeTooLargeError,
    SaslAuthenticationFailedError,
    UnsupportedVersionError,
    ValueError,  # an invalid address or topic name
)
_FLUSH_SECONDS = 0.2


def _ignore(error: BrokerUnavailableError | None) -> None:
    """Do nothing."""


class KafkaPublisher:
    """Sends whole batches: `publish` and `dead_letter` return when the broker has acknowledged the whole batch.

    While the broker is unavailable they wait and send the whole batch again, in order, through a new producer. A document may be on
    Kafka twice, but it is never missing and never overtakes another one with its key. Not thread-safe.

    Args:
        settings: broker and topics.
        retry_max_seconds: the longest pause between two attempts.
        on_outage: called with the error of each failed attempt, and with None when the broker is available again.
        allow_plaintext: as of `squall.core.kafka.client.client_arguments`.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        retry_max_seconds: float = 10.0,
        on_outage: Callable[[BrokerUnavailableError | None], None] = _ignore,
        *,
        allow_plaintext: bool = False,
    ) -> None:
        self._settings = settings
        self._allow_plaintext = allow_plaintext
        self._retry_max_seconds = retry_max_seconds
        self._on_outage = on_outage
        self._producer: Any = None

    def publish(self, documents: Sequence[Document], stop: threading.Event) -> None:
        """Send `documents` to the documents topic, keyed by their id.

        Records carry the wall-clock time, not `published_at`: a broker's `retention.ms` applies to the record's time and would delete
        replayed history at its next check. The event time is in the document.

        Raises:
            StoppedError: `stop` was set before the broker acknowledged; nothing may be committed.
            ConfigurationError: the broker refuses and retrying does not help (login, certificate, authorisation, topic name, message size).
        """
        topic = self._settings.documents_topic
        self._deliver([(topic, document.id.encode(), encode_document(document), HEADERS) for document in documents], stop)

    def delete(self, document_ids: Sequence[str], stop: threading.Event) -> None:
        """Send a tombstone for each document: its id as the key and no value, so it comes after the document. Raises as `publish`."""
        topic = self._settings.documents_topic
        self._deliver([(topic, document_id.encode(), None, HEADERS) for document_id in document_ids], stop)

    def dead_letter(self, letters: Sequence[DeadLetter], stop: threading.Event) -> None:
        """Send `letters` to the dead-letter topic; raises as `publish`."""
        topic = self._settings.dead_letter_topic
        self._deliver([(topic, None, letter.raw, dead_letter_headers(letter)) for letter in letters], stop)

    def close(self) -> None:
        """Close the connection; everything published has been acknowledged."""
        self._drop()

    def _deliver(self, messages: Sequence[Message], stop: threading.Event) -> None:
        if not messages:
            return
        failed = 0

        def report(attempt: int, error: BaseException | None) -> None:
            nonlocal failed
            failed = attempt
            if isinstance(error, BrokerUnavailableError):
                log.warning("%s; no data is lost; retrying after attempt %d", error, attempt)
                self._on_outage(error)

        def attempt() -> None:
            if failed and stop.is_set():
                raise StoppedError("stopped while Kafka was unavailable", "the next run reads again what was not acknowledged")
            self._send(messages, stop)

        retry_until_available(attempt, stop, self._retry_max_seconds, report)
        if failed:
            log.info("Kafka is available again after %d failed attempts", failed)
            self._on_outage(None)

    def _send(self, messages: Sequence[Message], stop: threading.Event) -> None:
        """Send once and wait for every acknowledgement; on failure drop the producer with its buffer."""
        try:
            producer = self._connected()
            futures = [producer.send(topic, value=value, key=key, headers=headers) for topic, key, value, headers in messages]
            self._await(producer, futures, stop)
            _log_published(messages, futures)
        except _PERMANENT as error:
            self._drop()
            raise refusal(self._settings) or ConfigurationError(
                f"Kafka at {self._settings.bootstrap_servers} refused the request: {type(error).__name__}: {error}",
                "check the SQUALL_KAFKA__ settings",
            ) from error
        except (KafkaError, OSError) as error:
            self._drop()
            raise unavailable(self._settings, error) from error
        except StoppedError:
            self._drop()
            raise

    def _await(self, producer: Any, futures: Sequence[Any], stop: threading.Event) -> None:
        flushes = 0
        while not all(future.is_done for future in futures):
            pending = next(future for future in futures if not future.is_done)
            try:
                producer.flush(timeout=_FLUSH_SECONDS)
            except KafkaError:
                if pending.is_done and pending.failed():
                    break
            flushes += 1
            if stop.is_set() and flushes > 5:  # a healthy broker answers within that second
                raise StoppedError("stopped while waiting for Kafka", "the next run reads again what was not acknowledged")
        for future in futures:
            if future.failed():
                raise future.exception

    def _connected(self) -> Any:
        if self._producer is None:
            self._producer = open_producer(
                self._settings,
                allow_plaintext=self._allow_plaintext,
                compression_type="lz4",
                linger_ms=5,
                batch_size=256 * 1024,
                max_request_size=4 * 1024 * 1024,
            )
        return self._producer

    def _drop(self) -> None:
        if self._producer is not None:
            producer, self._producer = self._producer, None
            discard_producer(producer)


def _log_published(messages: Sequence[Message], futures: Sequence[Any]) -> None:
    """Log each document with its topic, partition and offset, at level DEBUG."""
    if log.isEnabledFor(logging.DEBUG):
        for (topic, key, _, _), future in zip(messages, futures, strict=True):
            if key is not None:
                log.debug(
                    "published",
                    extra={"id": key.decode(), "topic": topic, "partition": future.value.partition, "offset": future.value.offset},
                )
