"""How grave documents are, and what happened, over time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SeverityBucket:
    """Documents of one group in one step of time; `time` is the step's start.

    Args:
        name: the topic, or the entity.
        documents: that have a severity.
        grave: of them, those that are serious or graver.
        mean: of their severities, in [0, 1].
        gravest: the largest of them.
    """

    name: str
    time: datetime
    documents: int
    grave: int
    mean: float
    gravest: float


@dataclass(frozen=True, slots=True)
class EventBucket:
    """Documents that say that an event happened in one step of time; `time` is the step's start."""

    event: str
    time: datetime
    documents: int
