"""Kafka clients: their connection arguments, and whether the broker answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

from squall.core.config.kafka import KafkaSettings
from squall.core.errors import BrokerUnavailableError, SquallError
from squall.core.kafka.security import refusal, security_arguments

Client = TypeVar("Client")

CONNECT_SECONDS = 5.0
"""How long a client tries to reach its broker before it fails: callers retry, and check in between whether to stop."""
_BLOCK_MS = 3_000
"""How long `send` waits for metadata and for space in the buffer."""
_DISCARD_SECONDS = 5.0
"""For a producer's thread to notice that it is to end."""


def client_arguments(settings: KafkaSettings, *, allow_plaintext: bool = False) -> dict[str, Any]:
    """Return the arguments that every kafka-python client is opened with.

    Args:
        settings: broker, encryption and login.
        allow_plaintext: the setting of that name; an unencrypted connection to another machine is refused without it.

    Raises:
        ConfigurationError: the connection would be in plaintext and that is not allowed, or a certificate can't be used.
    """
    return {
        **security_arguments(settings, allow_plaintext=allow_plaintext),
        "bootstrap_servers": settings.bootstrap_servers.split(","),
        "client_id": "squall",
        "bootstrap_timeout_ms": int(min(CONNECT_SECONDS, settings.request_timeout_seconds) * 1000),
    }


def open_client(kind: Callable[..., Client], **arguments: Any) -> Client:
    """Return `kind(**arguments)`, a client of kafka-python, and leave nothing behind where that fails.

    The constructors of kafka-python 3.0 start a thread and then look for a broker. Without this, the thread of a client that
    found none goes on.
    """
    made: list[Any] = []

    def connections(**config: Any) -> Any:
        made.append(KafkaNetClient(**config))
        return made[-1]

    try:
        return kind(**arguments, kafka_client=connections)
    except BaseException:
        for each in made:
            each.close()
        raise


def open_producer(settings: KafkaSettings, *, allow_plaintext: bool = False, **options: Any) -> Any:
    """Return a kafka-python producer that reports within `request_timeout_seconds` what the broker did not acknowledge.

    Args:
        settings: broker, encryption and login.
        allow_plaintext: as of `client_arguments`.
        options: more arguments of `KafkaProducer`.

    Raises:
        ConfigurationError: that of `client_arguments`.
        KafkaError, OSError: the broker did not answer, or refused the connection.
    """
    timeout = int(settings.request_timeout_seconds * 1000)
    return open_client(
        KafkaProducer,
        **client_arguments(settings, allow_plaintext=allow_plaintext),
        **options,
        max_block_ms=_BLOCK_MS,
        request_timeout_ms=max(1_000, timeout // 2),
        delivery_timeout_ms=max(2_000, timeout),
        reconnect_backoff_max_ms=1_000,
    )


def discard_producer(producer: Any) -> None:
    """End `producer` and drop what it has not sent.

    `close(timeout=0)` alone raises while something is unsent: its thread goes on and sends the rest behind that of a later producer.
    """
    producer._sender.force_close()
    producer._sender.join(_DISCARD_SECONDS)
    with suppress(KafkaError, OSError):
        producer.close(timeout=0)
    producer._closed = True  # or it is flushed once more when it is collected, which raises


def unavailable(settings: KafkaSettings, error: BaseException) -> SquallError:
    """Wrap a client's error in one that names the broker and the setting.

    Returns:
        A `ConfigurationError` if the broker refused the certificate, the login or the protocol: a retry does not help then.
        Otherwise a `BrokerUnavailableError`.
    """
    return refusal(settings) or BrokerUnavailableError(
        f"Kafka at {settings.bootstrap_servers or '(not set)'} did not answer: {error if isinstance(error, KafkaError) else repr(error)}",
        "start the broker (`squall broker` for a development one) or correct SQUALL_KAFKA__BOOTSTRAP_SERVERS",
    )


@contextmanager
def admin_client(
    settings: KafkaSettings,
    failed: Callable[[KafkaSettings, BaseException], SquallError] = unavailable,
    *,
    allow_plaintext: bool = False,
) -> Iterator[KafkaAdminClient]:
    """Open an admin client; errors while it is open are raised as what `failed` returns.

    Raises:
        BrokerUnavailableError: the broker did not answer.
        ConfigurationError: it refused the connection.
    """
    try:
        admin = open_client(KafkaAdminClient, **client_arguments(settings, allow_plaintext=allow_plaintext))
    except (KafkaError, OSError, ValueError) as error:
        raise unavailable(settings, error) from error
    try:
        yield admin
    except (KafkaError, OSError) as error:
        raise failed(settings, error) from error
    finally:
        admin.close()


def ensure_reachable(settings: KafkaSettings, *, allow_plaintext: bool = False) -> set[str]:
    """Return the names of the broker's topics.

    Raises:
        BrokerUnavailableError: the broker did not answer.
        ConfigurationError: it refused the connection.
    """
    with admin_client(settings, allow_plaintext=allow_plaintext) as admin:
        return set(admin.list_topics())
