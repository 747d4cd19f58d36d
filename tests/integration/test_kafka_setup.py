"""`squall kafka setup` on a broker."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import AuthorizationError, TopicAuthorizationFailedError, UnsupportedVersionError
from typer.testing import CliRunner, Result

from squall.app.doctor import examine_broker
from squall.cli.main import app
from squall.core.config.kafka import KafkaSettings
from squall.core.config.settings import Settings
from squall.core.errors import BrokerUnavailableError, ConfigurationError, SquallError
from squall.core.kafka import topics
from squall.core.kafka.client import client_arguments
from squall.core.kafka.topics import ensure_topics, setup_topics, wanted_topics
from tests.support.broker import DevelopmentBroker, unique


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with DevelopmentBroker(tmp_path_factory.mktemp("kafka-setup")) as server:
        yield server.bootstrap


@pytest.fixture
def kafka(broker: str) -> KafkaSettings:
    """Topics with unique names."""
    return KafkaSettings(
        bootstrap_servers=broker, documents_topic=unique("setup.documents"), dead_letter_topic=unique("setup.dead"), partitions=3
    )


@pytest.fixture
def command(kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    monkeypatch.setenv("SQUALL_KAFKA__BOOTSTRAP_SERVERS", kafka.bootstrap_servers)
    monkeypatch.setenv("SQUALL_KAFKA__DOCUMENTS_TOPIC", kafka.documents_topic)
    monkeypatch.setenv("SQUALL_KAFKA__DEAD_LETTER_TOPIC", kafka.dead_letter_topic)
    monkeypatch.setenv("SQUALL_KAFKA__PARTITIONS", str(kafka.partitions))
    return lambda *options: CliRunner().invoke(app, ["kafka", "setup", *options])


def _configs(kafka: KafkaSettings, topic: str) -> dict[str, str]:
    admin = KafkaAdminClient(**client_arguments(kafka))
    try:
        answer = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)], config_filter="all")
        return {key: value["value"] for key, value in answer["topic"][topic].items()}
    finally:
        admin.close()


def _partitions(kafka: KafkaSettings, topic: str) -> int:
    consumer = KafkaConsumer(**client_arguments(kafka))
    try:
        return len(consumer.partitions_for_topic(topic) or ())
    finally:
        consumer.close()


def _names(kafka: KafkaSettings) -> set[str]:
    consumer = KafkaConsumer(**client_arguments(kafka))
    try:
        return set(consumer.topics())
    finally:
        consumer.close()


def test_both_topics_are_made_as_the_settings_say(kafka: KafkaSettings) -> None:
    reports = setup_topics(kafka.model_copy(update={"retention_hours": 48}))
    assert [(report.name, report.outcome, report.healthy) for report in reports] == [
        (kafka.documents_topic, "created", True),
        (kafka.dead_letter_topic, "created", True),
    ]
    assert (_partitions(kafka, kafka.documents_topic), _partitions(kafka, kafka.dead_letter_topic)) == (3, 1)
    for topic in (kafka.documents_topic, kafka.dead_letter_topic):
        configs = _configs(kafka, topic)
        assert configs["retention.ms"] == str(48 * 3_600_000)
        assert configs["cleanup.policy"] == "delete"
        assert configs["compression.type"] == "producer"


def test_a_second_run_changes_nothing_and_what_was_published_stays(kafka: KafkaSettings) -> None:
    setup_topics(kafka)
    producer = KafkaProducer(**client_arguments(kafka))
    producer.send(kafka.documents_topic, b"kept").get(30)
    producer.close()
    again = setup_topics(kafka, grow=True, fix=True)
    assert [(report.outcome, report.differences) for report in again] == [("as wanted", ()), ("as wanted", ())]
    consumer = KafkaConsumer(kafka.documents_topic, **client_arguments(kafka), auto_offset_reset="earliest", consumer_timeout_ms=10_000)
    assert next(iter(consumer)).value == b"kept"
    consumer.close()


def test_a_dry_run_says_what_would_be_done_and_does_nothing(kafka: KafkaSettings, command: Callable[..., Result]) -> None:
    result = command("--dry-run", "--json")
    report = orjson.loads(result.stdout)
    assert result.exit_code == 0
    assert [topic["outcome"] for topic in report["topics"]] == ["would be created", "would be created"]
    assert not {kafka.documents_topic, kafka.dead_letter_topic} & _names(kafka)


def test_too_few_partitions_are_reported_and_added_only_when_asked(kafka: KafkaSettings) -> None:
    setup_topics(kafka)
    more = kafka.model_copy(update={"partitions": 5})
    [report, _] = setup_topics(more)
    assert (report.outcome, report.healthy, report.differences[0].remedy) == ("differs", False, "grow")
    assert _partitions(kafka, kafka.documents_topic) == 3
    [foreseen, _] = setup_topics(more, grow=True, dry_run=True)
    assert (foreseen.outcome, foreseen.healthy) == ("would be changed", True)
    assert _partitions(kafka, kafka.documents_topic) == 3
    [grown, _] = setup_topics(more, grow=True)
    assert (grown.outcome, grown.healthy) == ("changed", True)
    assert _partitions(kafka, kafka.documents_topic) == 5


def test_more_partitions_than_wanted_are_left_and_no_failure(kafka: KafkaSettings) -> None:
    setup_topics(kafka)
    [documents, _] = setup_topics(kafka.model_copy(update={"partitions": 2}), grow=True)
    assert (documents.outcome, documents.healthy, documents.differences[0].remedy) == ("as wanted", True, "none needed")
    assert _partitions(kafka, kafka.documents_topic) == 3


def test_configs_that_differ_are_reported_and_set_only_when_asked(kafka: KafkaSettings) -> None:
    setup_topics(kafka)
    longer = kafka.model_copy(update={"retention_hours": 24})
    [report, letters] = setup_topics(longer)
    assert (report.differences[0].item, report.differences[0].remedy, letters.healthy) == ("retention.ms", "fix", False)
    assert _configs(kafka, kafka.documents_topic)["retention.ms"] == str(168 * 3_600_000)
    assert all(report.outcome == "changed" for report in setup_topics(longer, fix=True))
    assert _configs(kafka, kafka.documents_topic)["retention.ms"] == str(24 * 3_600_000)
    assert all(report.outcome == "as wanted" for report in setup_topics(longer))


def test_fixing_one_config_leaves_those_of_others_alone(kafka: KafkaSettings) -> None:
    setup_topics(kafka)
    admin = KafkaAdminClient(**client_arguments(kafka))
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, kafka.documents_topic, {"segment.ms": "3600000", "retention.ms": "5"})])
    admin.close()
    setup_topics(kafka, fix=True)
    configs = _configs(kafka, kafka.documents_topic)
    assert (configs["segment.ms"], configs["retention.ms"]) == ("3600000", str(168 * 3_600_000))


def test_the_command_exits_0_when_all_is_well_and_1_while_a_difference_is_left(
    kafka: KafkaSettings, command: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = command()
    assert (first.exit_code, first.stdout.splitlines()[0]) == (0, f"{kafka.documents_topic}: created, partitions 3, replicas 1")
    monkeypatch.setenv("SQUALL_KAFKA__PARTITIONS", "4")
    left = command()
    assert left.exit_code == 1
    assert "partitions: 3, wanted 4; add them with --grow" in left.stdout
    assert command("--grow").exit_code == 0
    report = orjson.loads(command("--json").stdout)
    assert report["healthy"] is True
    assert {topic["name"] for topic in report["topics"]} == {kafka.documents_topic, kafka.dead_letter_topic}


def test_more_copies_than_brokers_is_a_wrong_setting_that_is_named(kafka: KafkaSettings) -> None:
    if os.environ.get("SQUALL_TEST_KAFKA"):
        pytest.skip("a real cluster may well have three brokers")
    with pytest.raises(ConfigurationError, match="InvalidReplicationFactor") as refused:
        setup_topics(kafka.model_copy(update={"replication_factor": 3}))
    assert "SQUALL_KAFKA__REPLICATION_FACTOR" in refused.value.hint


@pytest.mark.parametrize(("copies", "in_sync"), [(1, None), (2, None), (3, "2"), (5, "4")])
def test_with_three_copies_or_more_all_but_one_must_have_a_write(copies: int, in_sync: str | None) -> None:
    for plan in wanted_topics(KafkaSettings(replication_factor=copies)):
        assert plan.configs.get("min.insync.replicas") == in_sync


def test_a_broker_that_is_not_there_is_unavailable_and_named() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{probe.getsockname()[1]}"
    with pytest.raises(BrokerUnavailableError, match=closed):
        setup_topics(KafkaSettings(bootstrap_servers=closed, request_timeout_seconds=1.0))


def test_without_a_broker_in_the_settings_the_setting_is_named() -> None:
    result = CliRunner().invoke(app, ["kafka", "setup"])
    assert isinstance(result.exception, ConfigurationError)
    assert "SQUALL_KAFKA__BOOTSTRAP_SERVERS" in result.exception.hint


def test_a_topic_that_another_client_creates_first_is_no_failure(kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    setup_topics(kafka)
    looks: list[str] = []
    describe = topics._describe

    def late(admin: object, settings: KafkaSettings, plan: topics.TopicPlan) -> topics.TopicPlan | None:
        looks.append(plan.name)
        return None if looks.count(plan.name) == 1 else describe(admin, settings, plan)

    monkeypatch.setattr(topics, "_describe", late)
    assert [report.outcome for report in setup_topics(kafka)] == ["as wanted", "as wanted"]


@pytest.mark.parametrize(
    ("raised", "kind", "says"),
    [
        (TopicAuthorizationFailedError("no"), ConfigurationError, "SQUALL_KAFKA__USERNAME"),
        (UnsupportedVersionError("no"), SquallError, "kafka-topics.sh"),
    ],
)
def test_a_refusal_or_a_missing_call_says_what_to_do(
    kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch, raised: Exception, kind: type[SquallError], says: str
) -> None:
    assert issubclass(TopicAuthorizationFailedError, AuthorizationError)

    def refuse(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(KafkaAdminClient, "create_topics", refuse)
    with pytest.raises(kind, match=kafka.documents_topic) as error:
        setup_topics(kafka)
    assert says in error.value.hint


def test_the_dead_letter_topic_is_compared_by_its_own_plan(tmp_path: Path) -> None:
    documents, letters = wanted_topics(KafkaSettings(partitions=12))
    assert (documents.partitions, letters.partitions) == (12, 1)


def test_doctor_names_the_topics_that_differ_from_the_settings(kafka: KafkaSettings) -> None:
    def examined(wanted: KafkaSettings) -> tuple[str, str]:
        check = examine_broker(Settings(kafka=wanted))
        return check.state, check.hint

    assert examined(kafka)[1] == "create them with `squall kafka setup`"
    ensure_topics(kafka)
    assert examined(kafka)[0].endswith("topics match the settings")
    state, hint = examined(kafka.model_copy(update={"retention_hours": 1}))
    assert f"{kafka.documents_topic}: retention.ms is 604800000, not 3600000" in state
    assert "kafka setup" in hint
