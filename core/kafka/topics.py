"""Sets up the topics: creates missing ones, compares existing ones with the settings, and corrects them on request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import (
    AuthorizationError,
    IncompatibleBrokerVersion,
    InvalidReplicationFactorError,
    KafkaError,
    TopicAlreadyExistsError,
    UnrecognizedBrokerVersion,
    UnsupportedVersionError,
    for_code,
)

from squall.core.config.kafka import KafkaSettings
from squall.core.errors import BrokerUnavailableError, ConfigurationError, SquallError
from squall.core.kafka.client import admin_client, unavailable

Remedy = Literal["grow", "fix", "by hand", "none needed"]
Outcome = Literal["created", "would be created", "as wanted", "changed", "would be changed", "differs"]
_SAFE_REPLICATION: Final = 3
"""From this many copies on, all but one must have a write before it is acknowledged: one broker can be down and nothing is lost."""
_CONNECTION_LOST: Final = ("KafkaConnectionError", "KafkaTimeoutError", "RequestTimedOutError", "NoBrokersAvailable", "NodeNotReadyError")


@dataclass(frozen=True)
class TopicPlan:
    """The desired state of a topic."""

    name: str
    partitions: int
    replication_factor: int
    configs: Mapping[str, str]


@dataclass(frozen=True)
class Difference:
    """One property of a topic that differs from the settings; `remedy` says which option changes it, or that people must."""

    item: str
    found: str
    wanted: str
    remedy: Remedy
    corrected: bool = False

    @property
    def open(self) -> bool:
        """Whether something must still be done about it."""
        return not self.corrected and self.remedy != "none needed"


@dataclass(frozen=True)
class TopicReport:
    """The state of one topic, and what was done."""

    name: str
    outcome: Outcome
    partitions: int
    replication_factor: int
    configs: Mapping[str, str]
    differences: tuple[Difference, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether the topic is as wanted, or will be after a run without `dry_run`."""
        return not any(difference.open for difference in self.differences)

    def as_dict(self) -> dict[str, Any]:
        """Return it for `--json`."""
        return {**asdict(self), "differences": [asdict(each) for each in self.differences], "healthy": self.healthy}


def wanted_topics(settings: KafkaSettings) -> tuple[TopicPlan, TopicPlan]:
    """Return the documents topic and the dead-letter topic as the settings want them."""
    configs = {
        "cleanup.policy": "delete",
        "retention.ms": str(settings.retention_hours * 3_600_000),
        "compression.type": "producer",  # producers compress already: the broker stores their batches as they are
        "message.timestamp.type": "CreateTime",
    }
    if settings.replication_factor >= _SAFE_REPLICATION:
        configs["min.insync.replicas"] = str(settings.replication_factor - 1)
    return (
        TopicPlan(settings.documents_topic, settings.partitions, settings.replication_factor, configs),
        TopicPlan(settings.dead_letter_topic, 1, settings.replication_factor, configs),
    )


def setup_topics(
    settings: KafkaSettings, *, allow_plaintext: bool = False, dry_run: bool = False, grow: bool = False, fix: bool = False
) -> list[TopicReport]:
    """Create missing topics and compare existing ones; run again it changes nothing.

    Args:
        settings: broker, names and how the topics should be.
        allow_plaintext: as of `squall.core.kafka.client.client_arguments`.
        dry_run: change nothing; new topics are checked by the broker all the same.
        grow: add partitions where there are fewer than wanted. Keys then go to other partitions than before.
        fix: set the configs of existing topics that differ.

    Raises:
        BrokerUnavailableError: the broker did not answer.
        ConfigurationError: the broker refuses what a setting asks for, or who asks.
        SquallError: the broker lacks an admin call that is needed.
    """
    with admin_client(settings, _request_failed, allow_plaintext=allow_plaintext) as admin:
        reports = []
        for plan in wanted_topics(settings):
            found = _describe(admin, settings, plan)
            if found is None and _create(admin, settings, plan, dry_run):
                made: Outcome = "would be created" if dry_run else "created"
                reports.append(TopicReport(plan.name, made, plan.partitions, plan.replication_factor, plan.configs))
                continue
            found = found or _describe(admin, settings, plan)
            if found is None:
                raise BrokerUnavailableError(
                    f"Kafka at {settings.bootstrap_servers}: topic {plan.name} was reported both as present and as missing",
                    "run the command again",
                )
            reports.append(_compare(admin, settings, plan, found, dry_run=dry_run, grow=grow, fix=fix))
        return reports


def ensure_topics(settings: KafkaSettings, *, allow_plaintext: bool = False) -> None:
    """Create the topics where they are missing; existing ones are not checked or changed.

    Raises:
        BrokerUnavailableError: the broker did not answer.
        ConfigurationError: it refused the connection, or what a setting asks for.
    """
    with admin_client(settings, _request_failed, allow_plaintext=allow_plaintext) as admin:
        present = set(admin.list_topics())
        for plan in wanted_topics(settings):
            if plan.name not in present:
                _create(admin, settings, plan, dry_run=False)


def _describe(admin: Any, settings: KafkaSettings, plan: TopicPlan) -> TopicPlan | None:
    """Return the topic as it is, with the configs that the plan names; None if it does not exist."""
    [topic] = admin.describe_topics([plan.name])
    error = for_code(topic["error_code"])
    if topic["error_code"] == 3:  # UNKNOWN_TOPIC_OR_PARTITION
        return None
    if topic["error_code"]:
        raise _as_ours(settings, error(f"topic {plan.name}"), f"describing the topic {plan.name}")
    partitions = topic["partitions"]
    with _naming(settings, f"reading the configs of the topic {plan.name}"):
        resource = ConfigResource(ConfigResourceType.TOPIC, plan.name, dict.fromkeys(plan.configs))
        answer = admin.describe_configs([resource], config_filter="all")
    reported: dict[str, Any] = next((topics[plan.name] for topics in answer.values() if plan.name in topics), {})
    configs = {key: str(reported[key]["value"]) for key in plan.configs if key in reported}
    copies = min((len(partition["replica_nodes"]) for partition in partitions), default=0)
    return TopicPlan(plan.name, len(partitions), copies, configs)


def _create(admin: Any, settings: KafkaSettings, plan: TopicPlan, dry_run: bool) -> bool:
    """Create the topic; False if another process was faster."""
    options = {"num_partitions": plan.partitions, "replication_factor": plan.replication_factor, "configs": dict(plan.configs)}
    doing = f"creating the topic {plan.name}"
    with _naming(settings, doing):
        answer = admin.create_topics({plan.name: options}, validate_only=dry_run, raise_errors=False)
    [result] = answer["topics"]
    code = result["error_code"]
    if code == TopicAlreadyExistsError.errno:
        return False
    if code:
        raise _as_ours(settings, for_code(code)(result.get("error_message") or ""), doing)
    return True


def _compare(
    admin: Any, settings: KafkaSettings, plan: TopicPlan, found: TopicPlan, *, dry_run: bool, grow: bool, fix: bool
) -> TopicReport:
    differences = list(_differences(plan, found))
    switched = [d for d in differences if (d.remedy == "grow" and grow) or (d.remedy == "fix" and fix)]
    if switched and not dry_run:
        _correct(admin, settings, plan, switched)
    outcome: Outcome = "as wanted"
    if switched:
        outcome = "would be changed" if dry_run else "changed"
    elif any(d.open for d in differences):
        outcome = "differs"
    reported = tuple(Difference(d.item, d.found, d.wanted, d.remedy, d in switched) for d in differences)
    return TopicReport(found.name, outcome, found.partitions, found.replication_factor, found.configs, reported)


def _differences(plan: TopicPlan, found: TopicPlan) -> Iterator[Difference]:
    if found.partitions != plan.partitions:
        # partitions can't be removed, and more of them do no harm
        remedy: Remedy = "grow" if found.partitions < plan.partitions else "none needed"
        yield Difference("partitions", str(found.partitions), str(plan.partitions), remedy)
    if found.replication_factor != plan.replication_factor:
        remedy = "by hand" if found.replication_factor < plan.replication_factor else "none needed"
        yield Difference("replication factor", str(found.replication_factor), str(plan.replication_factor), remedy)
    for key, value in plan.configs.items():
        if found.configs.get(key) != value:
            yield Difference(key, found.configs.get(key, "not reported"), value, "fix")


def _correct(admin: Any, settings: KafkaSettings, plan: TopicPlan, differences: Sequence[Difference]) -> None:
    if any(difference.remedy == "grow" for difference in differences):
        with _naming(settings, f"adding partitions to the topic {plan.name}"):
            admin.create_partitions({plan.name: plan.partitions})
    configs = {difference.item: difference.wanted for difference in differences if difference.remedy == "fix"}
    if configs:
        with _naming(settings, f"changing {', '.join(configs)} of the topic {plan.name}"):
            admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, plan.name, configs)])


@contextmanager
def _naming(settings: KafkaSettings, doing: str) -> Iterator[None]:
    """Name the operation in the error when Kafka refuses it."""
    try:
        yield
    except (KafkaError, ValueError) as error:
        raise _as_ours(settings, error, doing) from error


def _request_failed(settings: KafkaSettings, error: BaseException) -> SquallError:
    return _as_ours(settings, error, "a request")


def _as_ours(settings: KafkaSettings, error: BaseException, doing: str) -> SquallError:
    """Return the error of Squall for one of Kafka: who must act, and on which setting."""
    what = f"Kafka at {settings.bootstrap_servers}: {doing} failed: {error if isinstance(error, KafkaError) else repr(error)}"[:600]
    if isinstance(error, InvalidReplicationFactorError):
        return ConfigurationError(what, "set SQUALL_KAFKA__REPLICATION_FACTOR to the number of brokers at most")
    if isinstance(error, AuthorizationError):
        return ConfigurationError(
            what, "allow SQUALL_KAFKA__USERNAME to Create, Describe, Alter, DescribeConfigs and AlterConfigs these topics"
        )
    if isinstance(error, (UnsupportedVersionError, IncompatibleBrokerVersion, UnrecognizedBrokerVersion)):
        return SquallError(
            what, "this broker does not support the request: make the change with its own tools (kafka-topics.sh, kafka-configs.sh)"
        )
    if isinstance(error, OSError) or (isinstance(error, KafkaError) and (error.retriable or type(error).__name__ in _CONNECTION_LOST)):
        return unavailable(settings, error)
    return ConfigurationError(what, "compare SQUALL_KAFKA__PARTITIONS, _REPLICATION_FACTOR and _RETENTION_HOURS to what the broker allows")
