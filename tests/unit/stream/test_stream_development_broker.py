"""Which brokers are taken for the development broker."""

from __future__ import annotations

import socket

import pytest

from squall.core.config.kafka import KafkaSettings
from squall.stream.drivers.faust.quirks.development_broker import is_development_broker


def test_nothing_is_said_of_a_broker_that_does_not_answer() -> None:
    with socket.socket() as taken:  # bound, not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        assert is_development_broker(KafkaSettings(bootstrap_servers=f"127.0.0.1:{taken.getsockname()[1]}")) is None


@pytest.mark.parametrize("security", ["tls", "sasl_plaintext", "sasl_tls"])
def test_a_broker_with_encryption_or_login_is_none_and_is_not_asked(security: str) -> None:
    login = {"username": "u", "password": "p"} if security.startswith("sasl") else {}
    assert is_development_broker(KafkaSettings(bootstrap_servers="127.0.0.1:1", security=security, **login)) is False
