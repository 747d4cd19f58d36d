"""Kafka by TLS and SASL: the real clients through the gate, let in and refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from squall.core.config.kafka import KafkaSettings
from squall.core.errors import BrokerUnavailableError, ConfigurationError
from squall.core.items import DeadLetter, Origin
from squall.core.kafka.client import ensure_reachable
from squall.core.kafka.dead_letter_topic import KafkaDeadLetters
from squall.core.kafka.login_probe import refused_login
from squall.core.records import Document, Kind
from squall.ingest.kafka_publisher import KafkaPublisher
from squall.stream.drivers.faust.quirks.stalled_consumer import uncommitted
from tests.integration.secure.conftest import Authorities
from tests.support.broker import DevelopmentBroker
from tests.support.kafka_gate import KafkaGate
from tests.support.kafka_harness import KafkaHarness, wait_until

pytestmark = pytest.mark.slow

PASSWORD = "s3cret=,ü"
OpenGate = Callable[..., KafkaGate]


@pytest.fixture
def gate(broker: DevelopmentBroker) -> Iterator[OpenGate]:
    with ExitStack() as running:
        yield lambda *arguments: running.enter_context(KafkaGate(broker.port, *arguments))


def settings(gate: KafkaGate, **changes: Any) -> KafkaSettings:
    return KafkaSettings(**({"bootstrap_servers": gate.bootstrap, "request_timeout_seconds": 1.0} | changes))


def login(mechanism: str = "SCRAM-SHA-512", password: str = PASSWORD) -> dict[str, Any]:
    return {"security": "sasl_tls", "sasl_mechanism": mechanism, "username": "squall", "password": password}


def documents(count: int) -> list[Document]:
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    same = {"kind": Kind.NEWS, "source": "test", "published_at": moment, "collected_at": moment}
    return [Document(id=f"{n:032x}", title=f"t{n}", **same) for n in range(count)]


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_user_with_the_right_password_is_let_in_over_tls(authorities: Authorities, gate: OpenGate, mechanism: str) -> None:
    opened = gate(authorities.ours.server_context(), {"squall": PASSWORD})
    assert ensure_reachable(settings(opened, ca_file=authorities.ours.file, **login(mechanism)))
    assert opened.logins


def test_a_client_certificate_is_shown_where_the_broker_demands_one(authorities: Authorities, gate: OpenGate) -> None:
    opened = gate(authorities.ours.server_context(clients=authorities.ours))
    certificate, key = authorities.ours.issue("squall")
    right = settings(opened, security="tls", ca_file=authorities.ours.file, certificate_file=certificate, key_file=key)
    assert ensure_reachable(right)


@pytest.mark.parametrize("shown", ["none", "of another CA", "expired"])
def test_without_a_valid_client_certificate_the_error_names_its_setting(authorities: Authorities, gate: OpenGate, shown: str) -> None:
    opened = gate(authorities.ours.server_context(clients=authorities.ours))
    pair: dict[str, Any] = {}
    if shown != "none":
        signer = authorities.other if shown == "of another CA" else authorities.ours
        pair = dict(zip(("certificate_file", "key_file"), signer.issue("squall", expired=shown == "expired"), strict=True))
    with pytest.raises(ConfigurationError, match="SQUALL_KAFKA__CERTIFICATE_FILE"):
        ensure_reachable(settings(opened, security="tls", ca_file=authorities.ours.file, **pair))


def test_a_certificate_of_an_unknown_ca_names_the_ca_file(authorities: Authorities, gate: OpenGate) -> None:
    opened = gate(authorities.ours.server_context())
    with pytest.raises(ConfigurationError, match="SQUALL_KAFKA__CA_FILE"):
        ensure_reachable(settings(opened, security="tls", ca_file=authorities.other.file))


def test_a_certificate_for_another_host_names_the_servers(authorities: Authorities, gate: OpenGate) -> None:
    opened = gate(authorities.ours.server_context("kafka.example"))
    with pytest.raises(ConfigurationError, match=r"not valid for '127\.0\.0\.1'.*SQUALL_KAFKA__BOOTSTRAP_SERVERS"):
        ensure_reachable(settings(opened, security="tls", ca_file=authorities.ours.file))


def test_a_certificate_of_the_broker_that_is_too_old_is_reported(authorities: Authorities, gate: OpenGate) -> None:
    opened = gate(authorities.ours.server_context("127.0.0.1", expired=True))
    with pytest.raises(ConfigurationError, match=r"expired.*renew the server's certificate"):
        ensure_reachable(settings(opened, security="tls", ca_file=authorities.ours.file))


def test_plaintext_to_a_tls_port_and_the_reverse_name_the_security_setting(
    authorities: Authorities, gate: OpenGate, broker: DevelopmentBroker
) -> None:
    with pytest.raises(ConfigurationError, match=r"expects TLS.*SQUALL_KAFKA__SECURITY=tls"):
        ensure_reachable(settings(gate(authorities.ours.server_context())))
    plain = KafkaSettings(bootstrap_servers=broker.bootstrap, security="tls", ca_file=authorities.ours.file, request_timeout_seconds=1.0)
    with pytest.raises(ConfigurationError, match=r"does not speak TLS.*SQUALL_KAFKA__SECURITY"):
        ensure_reachable(plain)


def test_a_broker_without_login_is_never_reported_to_require_one(broker: DevelopmentBroker) -> None:
    host, _, port = broker.bootstrap.rpartition(":")
    assert refused_login(host, int(port), None, KafkaSettings(bootstrap_servers=broker.bootstrap)) == ""


def test_a_login_that_is_missing_or_wrong_is_reported_in_plaintext_too(gate: OpenGate) -> None:
    with pytest.raises(ConfigurationError, match=r"requires a login.*SQUALL_KAFKA__SECURITY=sasl_plaintext"):
        ensure_reachable(settings(gate(None, {"squall": PASSWORD})))
    wrong = settings(gate(None, {"squall": PASSWORD}), **login("PLAIN", "hunter2") | {"security": "sasl_plaintext"})
    with pytest.raises(ConfigurationError, match="SQUALL_KAFKA__PASSWORD"):
        ensure_reachable(wrong)


def test_every_client_reports_a_wrong_password_and_does_not_show_it(authorities: Authorities, gate: OpenGate) -> None:
    opened = gate(authorities.ours.server_context(), {"squall": PASSWORD})
    wrong = settings(opened, ca_file=authorities.ours.file, **login("SCRAM-SHA-256", "hunter2"))
    publisher, letters = KafkaPublisher(wrong), KafkaDeadLetters(wrong)
    calls: list[Callable[[], Any]] = [
        lambda: publisher.publish(documents(1), threading.Event()),
        lambda: letters.write([DeadLetter(Origin("t", 0, 0), "broken_json", "x", b"x", datetime.now(UTC))]),
        lambda: uncommitted(wrong, {0}),
    ]
    for call in calls:
        with pytest.raises(ConfigurationError, match=r"refused the login of 'squall'.*SQUALL_KAFKA__PASSWORD") as caught:
            call()
        assert "hunter2" not in repr(caught.value) + str(caught.value)


def test_a_broker_that_is_away_is_no_refusal(authorities: Authorities, gate: OpenGate) -> None:
    opened = gate(authorities.ours.server_context(), {"squall": PASSWORD})
    right = settings(opened, ca_file=authorities.ours.file, **login())
    opened.close()
    with pytest.raises(BrokerUnavailableError, match="did not answer"):
        ensure_reachable(right)


def test_documents_pass_from_the_publisher_to_the_worker_through_tls_and_scram(
    authorities: Authorities, gate: OpenGate, broker: DevelopmentBroker, tmp_path: Path
) -> None:
    opened = gate(authorities.ours.server_context(clients=authorities.ours), {"squall": PASSWORD})
    certificate, key = authorities.ours.issue("worker")
    harness = KafkaHarness(broker.bootstrap, tmp_path)
    files = {"ca_file": authorities.ours.file, "certificate_file": certificate, "key_file": key}
    secure = KafkaSettings(**(harness.kafka.model_dump() | {"bootstrap_servers": opened.bootstrap} | login() | files))
    publisher = KafkaPublisher(secure)
    publisher.publish(documents(50), threading.Event())
    publisher.close()
    harness.kafka = secure
    given = {name.upper(): str(value) for name, value in (login() | files).items()}
    try:
        worker = harness.worker(**{f"KAFKA__{name}": value for name, value in given.items()})
        wait_until(lambda: worker.rows == 50, 30, "50 rows", harness.explain)
        assert worker.stop() == 0
        assert PASSWORD not in worker.output()
    finally:
        harness.close()


@pytest.mark.parametrize(
    ("changes", "setting"),
    [({"KAFKA__PASSWORD": "hunter2"}, "SQUALL_KAFKA__PASSWORD"), ({"KAFKA__CA_FILE": "other"}, "SQUALL_KAFKA__CA_FILE")],
)
def test_a_worker_that_is_refused_ends_and_names_the_setting(
    authorities: Authorities, gate: OpenGate, broker: DevelopmentBroker, tmp_path: Path, changes: dict[str, str], setting: str
) -> None:
    opened = gate(authorities.ours.server_context(), {"squall": PASSWORD})
    harness = KafkaHarness(broker.bootstrap, tmp_path)
    harness.kafka = harness.kafka.model_copy(update={"bootstrap_servers": opened.bootstrap})
    given = {f"KAFKA__{name.upper()}": str(value) for name, value in login().items()}
    given |= {"KAFKA__CA_FILE": str(authorities.ours.file)} | changes
    if changes.get("KAFKA__CA_FILE"):
        given["KAFKA__CA_FILE"] = str(authorities.other.file)
    try:
        worker = harness.worker(KAFKA__REQUEST_TIMEOUT_SECONDS="1", **given)
        assert worker.ended() == 1
        assert setting in worker.output()
        assert "hunter2" not in worker.output()
    finally:
        harness.close()


def test_a_running_worker_whose_password_is_revoked_stops_and_names_the_setting(
    authorities: Authorities, gate: OpenGate, broker: DevelopmentBroker, tmp_path: Path
) -> None:
    opened = gate(authorities.ours.server_context(), {"squall": PASSWORD})
    harness = KafkaHarness(broker.bootstrap, tmp_path)
    harness.publish(documents(10))
    harness.kafka = harness.kafka.model_copy(update={"bootstrap_servers": opened.bootstrap})
    given = {f"KAFKA__{name.upper()}": str(value) for name, value in login().items()}
    try:
        worker = harness.worker(KAFKA__REQUEST_TIMEOUT_SECONDS="1", KAFKA__CA_FILE=str(authorities.ours.file), **given)
        wait_until(lambda: worker.rows == 10, 30, "10 rows", harness.explain)
        opened.users = {"squall": "renewed"}
        opened.hang_up()
        wait_until(lambda: "stopping: Kafka at" in worker.output(), 60, "the worker stops", harness.explain)
        assert "SQUALL_KAFKA__PASSWORD" in worker.output()
    finally:
        harness.close()
