"""Kafka's security settings as Faust takes them."""

from __future__ import annotations

import asyncio

import faust
import faust.auth
from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import AuthenticationFailedError, KafkaError
from faust.types.auth import CredentialsT

from squall.core.config.kafka import KafkaSettings
from squall.core.errors import SquallError
from squall.core.kafka.access_tokens import TokenEndpoint, check_token_endpoint, token_endpoint
from squall.core.kafka.client import unavailable
from squall.core.kafka.security import check_link, tls_context


class _Tokens(AbstractTokenProvider):  # type: ignore[misc]
    """Hands access tokens to aiokafka."""

    def __init__(self, endpoint: TokenEndpoint) -> None:
        self._endpoint = endpoint

    async def token(self) -> str:
        try:
            return await asyncio.to_thread(self._endpoint.token)
        except SquallError as error:  # aiokafka tries again after its own errors only; `unavailable` then tells what is wrong
            raise AuthenticationFailedError(str(error)) from error


def credentials(settings: KafkaSettings, *, allow_plaintext: bool = False) -> CredentialsT | None:
    """Return a Faust app's credentials, for encryption and login; None for plaintext without login.

    Raises:
        ConfigurationError: the link would be in plaintext and may not, or a certificate can't be used.
    """
    check_link(settings, allow_plaintext=allow_plaintext)
    context = tls_context(settings)
    if settings.oauth_token_url:
        check_token_endpoint(settings, allow_plaintext=allow_plaintext)
        return faust.auth.OAuthCredentials(oauth_cb=_Tokens(token_endpoint(settings)), ssl_context=context)
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
