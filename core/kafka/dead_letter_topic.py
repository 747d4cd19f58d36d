"""The dead-letter topic, as ingest and the workers write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kafka.errors import KafkaError

from squall.core.codec import dead_letter_headers
from squall.core.config.kafka import KafkaSettings
from squall.core.errors import SquallError
from squall.core.items import RAW_LIMIT, DeadLetter
from squall.core.kafka.client import discard_producer, open_producer, unavailable


def send_dead_letters(producer: Any, settings: KafkaSettings, letters: Sequence[DeadLetter]) -> None:
    """Write `letters` through `producer` and wait until Kafka has them.

    Raises:
        ConfigurationError: the broker refuses the connection.
        BrokerUnavailableError: some were not acknowledged; sending all of them again is safe, readers see origin and offset.
    """
    try:
        futures = [
            producer.send(settings.dead_letter_topic, value=letter.raw[:RAW_LIMIT], headers=dead_letter_headers(letter))
            for letter in letters
        ]
        producer.flush(timeout=settings.request_timeout_seconds)
        for future in futures:
            future.get(timeout=settings.request_timeout_seconds)
    except (KafkaError, OSError) as error:
        raise unavailable(settings, error) from error


class KafkaDeadLetters:
    """A `DeadLetterSink` on the dead-letter topic; connects at the first letter."""

    def __init__(self, settings: KafkaSettings, *, allow_plaintext: bool = False) -> None:
        self._settings = settings
        self._allow_plaintext = allow_plaintext
        self._producer: Any = None

    def write(self, letters: Sequence[DeadLetter]) -> None:
        """Keep `letters`; see `send_dead_letters`. After a failure nothing of them is left in a buffer: the caller sends all again."""
        if self._producer is None:
            try:
                self._producer = open_producer(self._settings, allow_plaintext=self._allow_plaintext)
            except (KafkaError, OSError) as error:
                raise unavailable(self._settings, error) from error
        try:
            send_dead_letters(self._producer, self._settings, letters)
        except SquallError:
            producer, self._producer = self._producer, None
            discard_producer(producer)
            raise

    def close(self) -> None:
        """Disconnect; everything written has been acknowledged."""
        if self._producer is not None:
            discard_producer(self._producer)
