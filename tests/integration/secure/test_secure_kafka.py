"""Apache Kafka by TLS, mutual TLS, SCRAM and PLAIN: our clients let in, and refused with the setting to correct."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from squall.ingest.kafka_publisher import KafkaPublisher
from squall.stream.drivers.faust.quirks.stalled_consumer import uncommitted
from tests.support.apache_kafka.cluster import PASSWORD, ApacheKafka
from tests.support.broker import free_port
from tests.support.certificates import Authorities
from tests.support.doubles import document
from tests.support.kafka_harness import KafkaHarness, wait_until
from tests.support.tls_end import TlsEnd
from tests.support.token_server import CLIENT, SECRET, TokenServer

pytestmark = pytest.mark.slow


@pytest.fixture
def client(apache_kafka: ApacheKafka, authorities: Authorities) -> Callable[..., KafkaSettings]:
    """Make settings for a listener, right but for the changes that are given."""
    certificate, key = authorities.ours.issue("client")

    def make(listener: str, **changes: Any) -> KafkaSettings:
        mutual = {"certificate_file": certificate, "key_file": key} if listener == "MTLS" else {}
        return apache_kafka.settings(listener, **({"request_timeout_seconds": 1.0} | mutual | changes))

    return make


@pytest.fixture
def harness(apache_kafka: ApacheKafka, tmp_path: Path) -> Iterator[KafkaHarness]:
    made = KafkaHarness(apache_kafka.bootstrap, tmp_path)
    yield made
    made.close()


def through(harness: KafkaHarness, secure: KafkaSettings) -> tuple[KafkaSettings, dict[str, str]]:
    """Return `secure` with the topics of the harness, and the same for the environment of a worker."""
    ours = {"documents_topic", "dead_letter_topic", "group_id", "partitions"}
    settings = secure.model_copy(update=harness.kafka.model_dump(include=ours))
    names = ("bootstrap_servers", "security", "sasl_mechanism", "username", "ca_file", "certificate_file", "key_file")
    given = {name: value for name in names if (value := getattr(settings, name))}
    secrets = {"password": settings.password.get_secret_value()} if settings.authenticates else {}
    return settings, {f"KAFKA__{name.upper()}": str(value) for name, value in (given | secrets).items()}


@pytest.mark.parametrize("listener", ["SASL", "SASL_OPEN"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_user_with_the_right_password_is_let_in_and_one_with_a_wrong_one_is_named(
    client: Callable[..., KafkaSettings], listener: str, mechanism: str
) -> None:
    assert isinstance(ensure_reachable(client(listener, sasl_mechanism=mechanism)), set)
    with pytest.raises(ConfigurationError, match=rf"refused the login of 'squall' by {mechanism}.*SQUALL_KAFKA__PASSWORD") as refused:
        ensure_reachable(client(listener, sasl_mechanism=mechanism, password="hunter2"))
    assert "hunter2" not in repr(refused.value) + str(refused.value)


@pytest.mark.parametrize("listener", ["TLS", "MTLS"])
def test_a_client_without_login_is_let_in_by_tls(client: Callable[..., KafkaSettings], listener: str) -> None:
    assert isinstance(ensure_reachable(client(listener)), set)


@pytest.mark.parametrize("shown", ["none", "of another CA", "expired"])
def test_without_a_valid_client_certificate_the_error_names_its_setting(
    client: Callable[..., KafkaSettings], authorities: Authorities, shown: str
) -> None:
    pair: dict[str, Any] = {"certificate_file": None, "key_file": None}
    if shown != "none":
        signer = authorities.other if shown == "of another CA" else authorities.ours
        pair = dict(zip(pair, signer.issue("squall", expired=shown == "expired"), strict=True))
    with pytest.raises(ConfigurationError, match="SQUALL_KAFKA__CERTIFICATE_FILE"):
        ensure_reachable(client("MTLS", **pair))


@pytest.mark.parametrize("listener", ["TLS", "MTLS", "SASL"])
def test_a_certificate_of_an_unknown_ca_names_the_ca_file(
    client: Callable[..., KafkaSettings], authorities: Authorities, listener: str
) -> None:
    with pytest.raises(ConfigurationError, match="SQUALL_KAFKA__CA_FILE"):
        ensure_reachable(client(listener, ca_file=authorities.other.file))


@pytest.mark.parametrize(
    ("identity", "expired", "says"),
    [
        ("kafka.example", False, r"not valid for '127\.0\.0\.1'.*SQUALL_KAFKA__BOOTSTRAP_SERVERS"),
        ("127.0.0.1", True, r"expired.*renew the server's certificate"),
    ],
)
def test_a_certificate_of_the_broker_for_another_host_or_too_old_is_reported(
    client: Callable[..., KafkaSettings], apache_kafka: ApacheKafka, authorities: Authorities, identity: str, expired: bool, says: str
) -> None:
    end = TlsEnd(authorities.ours.server_context(identity, expired=expired), apache_kafka.nodes[0].ports["PLAINTEXT"])
    try:
        with pytest.raises(ConfigurationError, match=says):
            ensure_reachable(client("TLS", bootstrap_servers=f"127.0.0.1:{end.port}"))
    finally:
        end.close()


@pytest.mark.parametrize(
    ("listener", "settings_of", "says"),
    [
        ("TLS", "PLAINTEXT", r"expects TLS.*SQUALL_KAFKA__SECURITY=tls"),
        ("SASL", "SASL_OPEN", r"expects TLS.*SQUALL_KAFKA__SECURITY=tls"),
        ("PLAINTEXT", "TLS", r"does not speak TLS.*SQUALL_KAFKA__SECURITY"),
        ("SASL_OPEN", "SASL", r"does not speak TLS.*SQUALL_KAFKA__SECURITY"),
        ("SASL_OPEN", "PLAINTEXT", r"requires a login.*SQUALL_KAFKA__SECURITY=sasl_plaintext"),
        ("SASL", "TLS", r"requires a login.*SQUALL_KAFKA__SECURITY=sasl_tls"),
        ("TLS", "SASL", r"accepts no login at this port.*SQUALL_KAFKA__SECURITY"),
    ],
)
def test_the_security_of_another_listener_is_reported_with_the_setting(
    client: Callable[..., KafkaSettings], apache_kafka: ApacheKafka, listener: str, settings_of: str, says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        ensure_reachable(client(settings_of, bootstrap_servers=apache_kafka.servers(listener)))


def test_a_broker_without_login_is_never_reported_to_require_one(client: Callable[..., KafkaSettings], apache_kafka: ApacheKafka) -> None:
    assert refused_login("127.0.0.1", apache_kafka.nodes[0].ports["PLAINTEXT"], None, client("PLAINTEXT")) == ""


@pytest.mark.parametrize("listener", ["SASL", "SASL_OPEN"])
def test_a_client_with_an_access_token_is_let_in_and_without_one_is_told_who_refuses(
    client: Callable[..., KafkaSettings], listener: str
) -> None:
    with TokenServer() as tokens:
        login = {"sasl_mechanism": "OAUTHBEARER", "username": CLIENT, "password": SECRET, "oauth_token_url": tokens.url}
        assert isinstance(ensure_reachable(client(listener, **login)), set)
        with pytest.raises(ConfigurationError, match="refused the client 'squall': 401 invalid_client"):
            ensure_reachable(client(listener, **login | {"password": "hunter2"}))
        tokens.body = b'{"access_token": "made.up.token"}'
        with pytest.raises(ConfigurationError, match="refused the login of 'squall' by OAUTHBEARER"):
            ensure_reachable(client(listener, **login | {"oauth_scope": "other"}))


def test_a_worker_reads_with_an_access_token_and_settings_of_a_properties_file(
    harness: KafkaHarness, client: Callable[..., KafkaSettings], tmp_path: Path
) -> None:
    with TokenServer() as tokens:
        secure = client("SASL")
        properties = tmp_path / "client.properties"
        properties.write_text(
            f"bootstrap.servers={secure.bootstrap_servers}\nsecurity.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\n"
            f"ssl.truststore.type=PEM\nssl.truststore.location={secure.ca_file}\nsasl.oauthbearer.token.endpoint.url={tokens.url}\n"
            "sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required "
            f'clientId="{CLIENT}" clientSecret="{SECRET}";\n'
        )
        harness.publish([document(n) for n in range(20)])
        worker = harness.worker(KAFKA__PROPERTIES_FILE=str(properties), KAFKA__BOOTSTRAP_SERVERS=secure.bootstrap_servers)
        wait_until(lambda: worker.rows == 20, 60, "20 rows", harness.explain)
        assert worker.stop() == 0
    assert SECRET not in worker.output()


def test_every_client_reports_a_wrong_password_and_does_not_show_it(client: Callable[..., KafkaSettings]) -> None:
    wrong = client("SASL", password="hunter2")
    publisher, letters = KafkaPublisher(wrong), KafkaDeadLetters(wrong)
    calls: list[Callable[[], Any]] = [
        lambda: publisher.publish([document(1)], threading.Event()),
        lambda: letters.write([DeadLetter(Origin("t", 0, 0), "broken_json", "x", b"x", datetime.now(UTC))]),
        lambda: uncommitted(wrong, {0}),
    ]
    for call in calls:
        with pytest.raises(ConfigurationError, match=r"refused the login of 'squall'.*SQUALL_KAFKA__PASSWORD") as caught:
            call()
        assert "hunter2" not in repr(caught.value) + str(caught.value)


def test_a_broker_that_is_away_is_no_refusal(client: Callable[..., KafkaSettings]) -> None:
    with pytest.raises(BrokerUnavailableError, match="did not answer"):
        ensure_reachable(client("SASL", bootstrap_servers=f"127.0.0.1:{free_port()}"))


@pytest.mark.parametrize("listener", ["MTLS", "SASL"])
def test_documents_pass_from_the_publisher_to_the_worker(
    harness: KafkaHarness, client: Callable[..., KafkaSettings], listener: str
) -> None:
    secure, environment = through(harness, client(listener, request_timeout_seconds=10.0))
    publisher = KafkaPublisher(secure)
    publisher.publish([document(n) for n in range(50)], threading.Event())
    publisher.close()
    worker = harness.worker(**environment)
    wait_until(lambda: worker.rows == 50, 60, "50 rows", harness.explain)
    assert worker.stop() == 0
    assert PASSWORD not in worker.output()


@pytest.mark.parametrize(
    ("changes", "setting"), [({"password": "hunter2"}, "SQUALL_KAFKA__PASSWORD"), ({"ca_file": "other"}, "SQUALL_KAFKA__CA_FILE")]
)
def test_a_worker_that_is_refused_ends_and_names_the_setting(
    harness: KafkaHarness, client: Callable[..., KafkaSettings], authorities: Authorities, changes: dict[str, Any], setting: str
) -> None:
    changed = {"ca_file": authorities.other.file} if "ca_file" in changes else changes
    _, environment = through(harness, client("SASL", **changed))
    worker = harness.worker(KAFKA__REQUEST_TIMEOUT_SECONDS="1", **environment)
    assert worker.ended(60) == 1
    assert setting in worker.output()
    assert "hunter2" not in worker.output()


@contextmanager
def another_password(kafka: ApacheKafka) -> Iterator[None]:
    """Restart the broker with another password of the user for PLAIN, and once more with the right one."""
    (node,) = kafka.nodes
    properties = node.folder / "server.properties"
    right = properties.read_text()
    try:
        node.stop()
        properties.write_text(right.replace(f'"{PASSWORD}"', '"renewed"'))
        kafka.start(node)
        kafka.wait()
        yield
    finally:
        node.stop()
        properties.write_text(right)
        kafka.start(node)
        kafka.wait()


def test_a_running_worker_whose_password_is_revoked_stops_and_names_the_setting(
    harness: KafkaHarness, client: Callable[..., KafkaSettings], apache_kafka: ApacheKafka
) -> None:
    harness.publish([document(n) for n in range(10)])
    _, environment = through(harness, client("SASL", sasl_mechanism="PLAIN"))
    worker = harness.worker(KAFKA__REQUEST_TIMEOUT_SECONDS="1", **environment)
    wait_until(lambda: worker.rows == 10, 60, "10 rows", harness.explain)
    with another_password(apache_kafka):
        wait_until(lambda: "stopping: Kafka at" in worker.output(), 60, "the worker stops", harness.explain)
        assert "SQUALL_KAFKA__PASSWORD" in worker.output()
        assert worker.ended(40) == 1
