"""Private attributes of Faust and aiokafka that the driver needs. Faust's version is pinned; all of them are read here."""

from __future__ import annotations

from typing import Any, NamedTuple

from aiokafka import TopicPartition


class Fetched(NamedTuple):
    """What the last fetch answer of a partition left behind."""

    position: int
    """Offset of the next message that Faust will be given."""
    end: int
    """High watermark: the offset that the next message published will get."""
    at: float
    """When the answer came, seconds since the epoch by this machine's clock."""


def kafka_consumer(app: Any) -> Any:
    """Return aiokafka's consumer inside Faust's thread; None until Faust has made it."""
    return getattr(getattr(app.consumer, "_thread", None), "_consumer", None)


def member_id(app: Any) -> str:
    """Return this worker's member id in the group; empty while it is in none."""
    return str(getattr(getattr(kafka_consumer(app), "_coordinator", None), "member_id", ""))


def coordination_error(app: Any) -> BaseException | None:
    """Return why aiokafka's group coordination ended or was suspended, None while it runs.

    It ends at an answer that it can't read. After an error that a retry does not cure it waits until `getmany` of its consumer raises it,
    which Faust never calls.
    """
    coordinator = getattr(kafka_consumer(app), "_coordinator", None)
    task = getattr(coordinator, "_coordination_task", None)
    if task is not None and task.done() and not task.cancelled() and task.exception() is not None:
        ended: BaseException = task.exception()
        return ended
    pending: BaseException | None = getattr(coordinator, "_pending_exception", None)
    return pending


def fetched(app: Any, topic: str, partition: int) -> Fetched | None:
    """Return the last fetch answer of a partition; None before the first one since the partition was assigned.

    aiokafka's own `position` waits until there is one, in the thread that also fetches and commits.
    """
    subscription = getattr(getattr(kafka_consumer(app), "_subscription", None), "subscription", None)
    assignment = getattr(subscription, "assignment", None)
    wanted = TopicPartition(topic, partition)
    if assignment is None or wanted not in assignment.tps:
        return None
    state = assignment.state_value(wanted)
    if state is None or state.timestamp is None or state.highwater is None or not state.has_valid_position:
        return None
    return Fetched(state.position, state.highwater, state.timestamp / 1000)
