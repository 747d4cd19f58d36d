"""Kafka's security settings as Faust takes them."""

from __future__ import annotations

import faust
from aiokafka.errors import KafkaError
from faust.types.auth import CredentialsT

from squall.core.config.kafka import KafkaSettings
from squall.core.kafka.client import unavailable
from squall.core.kafka.security import check_link, tls_context


def credentials(settings: KafkaSettings, *, allow_plaintext: bool = False) -> CredentialsT | None:
    """Return a Faust app's credentials, for encryption and login; None for plaintext without login.

    Raises:
        ConfigurationError: the link would be in plaintext and may not, or a certificate can't be used.
    """
    check_link(settings, allow_plaintext=allow_plaintext)
    context = tls_context(settings)
    if settings.authenticates:
        return faust.SASLCredentials(
            username=settings.username,
            password=settings.password.get_secret_value(),
            ssl_context=context,
            mechanism=settings.sasl_mechanism,
        )
    return None if context is None else faust.SSLCredentials(context)


def start_failure(settings: KafkaSettings, error: BaseException) -> BaseException:
    """Return what to raise when a Faust app did not start: aiokafka raises the same for a refused login and a broker that is down."""
    if not isinstance(error, KafkaError | OSError):
        return error
    failure = unavailable(settings, error)
    failure.__cause__ = error
    return failure
