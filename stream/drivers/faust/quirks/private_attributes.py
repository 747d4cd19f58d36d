"""Private attributes of Faust and aiokafka that the driver needs. Faust's version is pinned; all of them are read here."""

from __future__ import annotations

from typing import Any


def kafka_consumer(app: Any) -> Any:
    """Return aiokafka's consumer inside Faust's thread; None until Faust has made it."""
    return getattr(getattr(app.consumer, "_thread", None), "_consumer", None)


def member_id(app: Any) -> str:
    """Return this worker's member id in the group; empty while it is in none."""
    return str(getattr(getattr(kafka_consumer(app), "_coordinator", None), "member_id", ""))


def coordination_error(app: Any) -> BaseException | None:
    """Return why aiokafka's group coordination ended (at an answer that it can't read, for example), None while it runs."""
    task = getattr(getattr(kafka_consumer(app), "_coordinator", None), "_coordination_task", None)
    return None if task is None or not task.done() or task.cancelled() else task.exception()
