"""Kafka as every room reaches it: connection arguments and the topics we own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from core.errors import BrokerUnavailableError
from core.settings import KafkaSettings

CONNECT_SECONDS = 5.0
"""How long a client looks for its broker before it says so: callers try again, and look in between whether to stop."""


def client_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """Return what every kafka-python client is opened with."""
    return {
        "bootstrap_servers": settings.bootstrap_servers.split(","),
        "client_id": "squall",
        "bootstrap_timeout_ms": int(min(CONNECT_SECONDS, settings.request_timeout_seconds) * 1000),
    }


def unavailable(settings: KafkaSettings, error: BaseException) -> BrokerUnavailableError:
    """Wrap a client's error in one that names the broker and the setting."""
    return BrokerUnavailableError(
        f"Kafka at {settings.bootstrap_servers or '(not set)'} did not answer: {type(error).__name__}: {error}",
        "start the broker (`squall broker` for a development one) or correct SQUALL_KAFKA__BOOTSTRAP_SERVERS",
    )


@contextmanager
def _admin(settings: KafkaSettings) -> Iterator[Any]:
    try:
        admin = KafkaAdminClient(**client_arguments(settings))
    except (KafkaError, OSError, ValueError) as error:
        raise unavailable(settings, error) from error
    try:
        yield admin
    except (KafkaError, OSError) as error:
        raise unavailable(settings, error) from error
    finally:
        admin.close()


def ensure_reachable(settings: KafkaSettings) -> set[str]:
    """Return the names of the broker's topics.

    Raises:
        BrokerUnavailableError: the broker did not answer.
    """
    with _admin(settings) as admin:
        return set(admin.list_topics())


def ensure_topics(settings: KafkaSettings) -> None:
    """Create the documents and dead-letter topics where they are missing; existing ones are left as they are.

    Raises:
        BrokerUnavailableError: the broker did not answer.
    """
    configs = {"retention.ms": str(settings.retention_hours * 3_600_000)}
    wanted = {settings.documents_topic: settings.partitions, settings.dead_letter_topic: 1}
    with _admin(settings) as admin:
        present = set(admin.list_topics())
        missing = [
            NewTopic(name, partitions, settings.replication_factor, topic_configs=configs)
            for name, partitions in wanted.items()
            if name not in present
        ]
        with suppress(TopicAlreadyExistsError):  # another process was faster
            if missing:
                admin.create_topics(missing)
