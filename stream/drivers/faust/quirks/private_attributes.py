"""What Faust keeps to itself and the driver has to know. Its version is pinned."""

from __future__ import annotations

from typing import Any


def kafka_consumer(app: Any) -> Any:
    """Return aiokafka's consumer inside Faust's thread; None until it is there."""
    return getattr(getattr(app.consumer, "_thread", None), "_consumer", None)


def member_id(app: Any) -> str:
    """Return our id in the group, empty while we are in none."""
    return str(getattr(getattr(kafka_consumer(app), "_coordinator", None), "member_id", ""))


def why_left_out(app: Any) -> BaseException | None:
    """Return why aiokafka left the group for good (its coordination ends at an answer it can't read), None when it did not."""
    task = getattr(getattr(kafka_consumer(app), "_coordinator", None), "_coordination_task", None)
    return None if task is None or not task.done() or task.cancelled() else task.exception()
