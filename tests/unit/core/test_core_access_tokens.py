"""Access tokens for Kafka: asked for over real HTTP, kept as long as they are good, refusals in terms of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from squall.core.clock import ManualClock
from squall.core.config.kafka import KafkaSettings
from squall.core.errors import BrokerUnavailableError, ConfigurationError
from squall.core.kafka.access_tokens import TokenEndpoint
from squall.core.kafka.client import client_arguments
from squall.stream.drivers.faust.credentials import credentials
from tests.support.token_server import CLIENT, SECRET, TokenServer


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with TokenServer() as running:
        yield running


def settings(url: str, **changes: Any) -> KafkaSettings:
    login = {"security": "sasl_tls", "sasl_mechanism": "OAUTHBEARER", "username": CLIENT, "password": SECRET, "oauth_token_url": url}
    return KafkaSettings(**({"bootstrap_servers": "127.0.0.1:1"} | login | changes))


def test_a_token_is_kept_for_most_of_its_lifetime(server: TokenServer) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    endpoint = TokenEndpoint(settings(server.url, oauth_scope="kafka"), clock)
    first = endpoint.token()
    clock.advance(0.7 * server.lifetime)
    assert endpoint.token() == first
    assert server.asked == [{"grant_type": ["client_credentials"], "scope": ["kafka"]}]
    clock.advance(0.2 * server.lifetime)
    assert endpoint.token() != first
    assert len(server.asked) == 2


def test_a_wrong_secret_is_named_and_not_shown(server: TokenServer) -> None:
    endpoint = TokenEndpoint(settings(server.url, password="hunter2"), ManualClock(datetime(2026, 1, 1, tzinfo=UTC)))
    with pytest.raises(
        ConfigurationError, match=r"refused the client 'squall': 401 invalid_client unknown client.*SQUALL_KAFKA__PASSWORD"
    ) as caught:
        endpoint.token()
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (503, b"", BrokerUnavailableError, "answered 503"),
        (404, b"<html>", ConfigurationError, "refused the client 'squall': 404"),
        (200, b"<html>", ConfigurationError, "without an access token"),
        (200, b"[]", ConfigurationError, "without an access token"),
    ],
)
def test_what_is_no_token_is_said(server: TokenServer, status: int, body: bytes, error: type[Exception], says: str) -> None:
    server.status, server.body = status, body
    with pytest.raises(error, match=says):
        TokenEndpoint(settings(server.url), ManualClock(datetime(2026, 1, 1, tzinfo=UTC))).token()


def test_an_endpoint_that_does_not_answer_is_waited_for() -> None:
    with pytest.raises(BrokerUnavailableError, match="did not answer"):
        TokenEndpoint(settings("http://127.0.0.1:1/token"), ManualClock(datetime(2026, 1, 1, tzinfo=UTC))).token()


@pytest.mark.parametrize("arguments", [client_arguments, credentials], ids=["kafka-python", "faust"])
def test_a_secret_is_not_sent_to_another_machine_in_plaintext(arguments: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"token endpoint at id\.example would be reached in plaintext"):
        arguments(settings("http://id.example/token"))
    assert arguments(settings("http://id.example/token"), allow_plaintext=True)
    assert arguments(settings("https://id.example/token"))
