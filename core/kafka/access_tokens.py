"""The login of kafka-python clients, and the access tokens that take the place of a password with OAUTHBEARER (KIP-768)."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from kafka.errors import SaslAuthenticationFailedError
from kafka.net.sasl.oauth import AbstractTokenProvider

from squall.core.clock import Clock, SystemClock
from squall.core.config.kafka import KafkaSettings
from squall.core.errors import BrokerUnavailableError, ConfigurationError, SquallError
from squall.core.net.addresses import redact_url
from squall.core.net.plaintext import refuse_plaintext

REQUEST_SECONDS: Final = 5.0
"""Longest wait for the endpoint: a client of Kafka does nothing else in this time."""
_USED_SHARE: Final = 0.8
"""Of a token's lifetime, until the next is asked for; as Kafka's own `sasl.login.refresh.window.factor`."""
_LIFETIME_SECONDS: Final = 300.0
"""Of a token that comes without `expires_in`, which RFC 6749 only recommends."""


class TokenEndpoint:
    """Access tokens by the grant `client_credentials` (RFC 6749, 4.4), each kept for most of its lifetime; for any thread.

    Args:
        settings: endpoint, scope, client id and secret.
        clock: measures the lifetime.
    """

    def __init__(self, settings: KafkaSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def token(self) -> str:
        """Return a token that is valid now.

        Raises:
            ConfigurationError: the endpoint refuses the client, or does not answer as one.
            BrokerUnavailableError: it does not answer.
        """
        with self._lock:
            if not self._token or self._clock.monotonic() >= self._until:
                self._token, lifetime = self._ask()
                self._until = self._clock.monotonic() + _USED_SHARE * lifetime
            return self._token

    def _ask(self) -> tuple[str, float]:
        kafka = self._settings
        where = f"the token endpoint {redact_url(kafka.oauth_token_url)}"
        form = {"grant_type": "client_credentials"} | ({"scope": kafka.oauth_scope} if kafka.oauth_scope else {})
        login = (kafka.username, kafka.password.get_secret_value())
        try:
            answer = httpx.post(kafka.oauth_token_url, data=form, auth=login, timeout=REQUEST_SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise BrokerUnavailableError(
                f"{where} did not answer: {type(error).__name__}: {error}",
                "correct SQUALL_KAFKA__OAUTH_TOKEN_URL if it never does",
            ) from None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise BrokerUnavailableError(f"{where} answered {answer.status_code}", "wait until it answers")
        try:
            said = answer.json()
            if answer.is_success:
                return str(said["access_token"]), float(said.get("expires_in", _LIFETIME_SECONDS))
            why = f"{said.get('error', '')} {said.get('error_description', '')}".strip()
        except (ValueError, KeyError, TypeError, AttributeError):
            if answer.is_success:
                raise ConfigurationError(f"{where} answered without an access token", "correct SQUALL_KAFKA__OAUTH_TOKEN_URL") from None
            why = ""
        raise ConfigurationError(
            f"{where} refused the client {kafka.username!r}: {answer.status_code} {why}"[:500].rstrip(),
            "correct SQUALL_KAFKA__USERNAME (client id), SQUALL_KAFKA__PASSWORD (client secret) or SQUALL_KAFKA__OAUTH_SCOPE",
        )


@lru_cache(maxsize=16)
def token_endpoint(settings: KafkaSettings) -> TokenEndpoint:
    """Return the endpoint of `settings`: one in a process, so that all clients share a token."""
    return TokenEndpoint(settings, SystemClock())


def check_token_endpoint(settings: KafkaSettings, *, allow_plaintext: bool = False) -> None:
    """Refuse to send a client secret in plaintext to another machine, unless `allow_plaintext`.

    Raises:
        ConfigurationError: see `squall.core.net.plaintext.refuse_plaintext`.
    """
    parts = urlsplit(settings.oauth_token_url)
    if parts.scheme.lower() == "http":
        instead = "write https:// in SQUALL_KAFKA__OAUTH_TOKEN_URL"
        refuse_plaintext("The token endpoint", [parts.hostname or ""], instead, allowed=allow_plaintext)


class _Tokens(AbstractTokenProvider):  # type: ignore[misc]
    """Hands tokens to kafka-python, which knows the errors of Kafka only."""

    def __init__(self, endpoint: TokenEndpoint) -> None:
        super().__init__()
        self._endpoint = endpoint

    def token(self) -> str:
        try:
            return self._endpoint.token()
        except SquallError as error:
            raise SaslAuthenticationFailedError(str(error)) from error


def login_arguments(settings: KafkaSettings) -> dict[str, Any]:
    """Return the arguments of a kafka-python client, or of one of its SASL mechanisms, for the login of `settings`."""
    mechanism = {"sasl_mechanism": settings.sasl_mechanism}
    if settings.oauth_token_url:
        return mechanism | {"sasl_oauth_token_provider": _Tokens(token_endpoint(settings))}
    return mechanism | {"sasl_plain_username": settings.username, "sasl_plain_password": settings.password.get_secret_value()}
