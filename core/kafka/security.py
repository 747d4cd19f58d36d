"""Encryption and login of Kafka clients, and refusals of the broker in terms of the settings."""

from __future__ import annotations

import ssl
from typing import Any, Final

from squall.core.config.kafka import KAFKA_PROTOCOLS, KafkaSettings
from squall.core.errors import BrokerUnavailableError, ConfigurationError
from squall.core.kafka.access_tokens import check_token_endpoint, login_arguments, token_endpoint
from squall.core.kafka.login_probe import refused_login, speaks_plaintext
from squall.core.net.addresses import split_server
from squall.core.net.plaintext import refuse_plaintext
from squall.core.net.tls import TlsFiles, TlsNames, client_context, probe

DEFAULT_PORT: Final = 9092
NAMES: Final = TlsNames(
    link="Kafka",
    address="SQUALL_KAFKA__BOOTSTRAP_SERVERS",
    enable_hint="set SQUALL_KAFKA__SECURITY=tls, or sasl_tls with a user and a password",
    port_hint="name the broker's TLS listener in SQUALL_KAFKA__BOOTSTRAP_SERVERS, or correct SQUALL_KAFKA__SECURITY",
    ca="SQUALL_KAFKA__CA_FILE",
    certificate="SQUALL_KAFKA__CERTIFICATE_FILE",
    key="SQUALL_KAFKA__KEY_FILE",
    key_password="SQUALL_KAFKA__KEY_PASSWORD",  # noqa: S106  the name of the setting
)


def servers(settings: KafkaSettings) -> list[tuple[str, int]]:
    """Return host and port of every bootstrap server.

    Raises:
        ConfigurationError: one is not `host:port`.
    """
    try:
        return [split_server(server, DEFAULT_PORT) for server in settings.bootstrap_servers.split(",")]
    except ValueError:
        raise ConfigurationError(
            f"Kafka servers {settings.bootstrap_servers!r}: a port is not a number", f"write host:port[,host:port] in {NAMES.address}"
        ) from None


def check_link(settings: KafkaSettings, *, allow_plaintext: bool = False) -> None:
    """Refuse an unencrypted connection to another machine, unless `allow_plaintext`.

    Raises:
        ConfigurationError: see `squall.core.net.plaintext.refuse_plaintext`.
    """
    if not settings.encrypted:
        instead = "set SQUALL_KAFKA__SECURITY=tls or sasl_tls"
        refuse_plaintext("Kafka", [host for host, _ in servers(settings)], instead, allowed=allow_plaintext)


def tls_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """Return the TLS context of the connection, None for plaintext.

    Raises:
        ConfigurationError: a certificate or key is invalid.
    """
    if not settings.encrypted:
        return None
    files = TlsFiles(settings.ca_file, settings.certificate_file, settings.key_file, settings.key_password.get_secret_value())
    return client_context(files, NAMES)


def security_arguments(settings: KafkaSettings, *, allow_plaintext: bool = False) -> dict[str, Any]:
    """Return the arguments of every kafka-python client for encryption and login.

    Args:
        settings: broker, encryption and login.
        allow_plaintext: as of `check_link`.

    Raises:
        ConfigurationError: the connection would be in plaintext and that is not allowed, or a file is invalid.
    """
    check_link(settings, allow_plaintext=allow_plaintext)
    arguments: dict[str, Any] = {"security_protocol": KAFKA_PROTOCOLS[settings.security]}
    context = tls_context(settings)
    if context is not None:
        arguments["ssl_context"] = context
    if settings.authenticates:
        arguments |= login_arguments(settings)
    if settings.oauth_token_url:
        check_token_endpoint(settings, allow_plaintext=allow_plaintext)
    return arguments


def refusal(settings: KafkaSettings) -> ConfigurationError | BrokerUnavailableError | None:
    """Return what to correct if the broker refuses the connection; None if it just does not answer.

    What gives the access tokens for a login is asked first: without one the broker is not asked. It may be away too.

    Clients do not report the reason of a refusal and retry forever, so each server is probed once more.
    """
    if not settings.bootstrap_servers:
        return None
    try:
        context = tls_context(settings)
        if settings.oauth_token_url:
            token_endpoint(settings).token()
        found = [_refusal(host, port, context, settings) for host, port in servers(settings)]
    except (ConfigurationError, BrokerUnavailableError) as wrong:
        return wrong
    # if a single server only does not answer, waiting is right: it may be the one that accepts
    return found[0] if all(found) else None


def _refusal(host: str, port: int, context: ssl.SSLContext | None, settings: KafkaSettings) -> ConfigurationError | None:
    trouble = probe(host, port, context, NAMES)
    if trouble:
        return trouble
    if settings.encrypted and speaks_plaintext(host, port):
        return ConfigurationError(f"Kafka at {host}:{port} does not speak TLS", NAMES.port_hint)
    why = refused_login(host, port, context, settings)
    if not why:
        return None
    if not settings.authenticates:
        return ConfigurationError(
            f"Kafka at {host}:{port} refuses the connection: {why}",
            f"set SQUALL_KAFKA__SECURITY={'sasl_tls' if settings.encrypted else 'sasl_plaintext'} with a user and a password",
        )
    return ConfigurationError(
        f"Kafka at {host}:{port} refused the login of {settings.username!r} by {settings.sasl_mechanism}: {why}",
        "correct SQUALL_KAFKA__USERNAME, SQUALL_KAFKA__PASSWORD, SQUALL_KAFKA__SASL_MECHANISM or SQUALL_KAFKA__SECURITY",
    )
