"""Tasks of the network: a task is a name, a kind and its labels, and has one head."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from squall.core.errors import ConfigurationError
from squall.core.records import SENTIMENTS, TOPICS

MISSING = -100
"""Class index of a text or token that carries no label of a task; the value that cross-entropy ignores."""
ALIASES = {"bearish": "negative", "bullish": "positive"}
"""Label names of public data sets, mapped to Squall's."""


TaskKind = Literal["text", "tokens"]
"""What a label belongs to: the whole text, or each of its tokens."""


@dataclass(frozen=True)
class TaskSpec:
    """One classification head.

    Args:
        name: key in every mapping of logits, labels and metrics.
        labels: class names in the order of the head's outputs; distinct, two or more. For `tokens`: BIO tags, `O` first.
        kind: what a label belongs to.

    Raises:
        ConfigurationError: the labels can't make a head.
    """

    name: str
    labels: tuple[str, ...]
    kind: TaskKind = "text"

    def __post_init__(self) -> None:
        if self.kind not in get_args(TaskKind):
            raise ConfigurationError(f"task {self.name!r} is of kind {self.kind!r}", f"allowed are {', '.join(get_args(TaskKind))}")
        if self.kind == "tokens" and not _is_bio(self.labels):
            raise ConfigurationError(
                f"task {self.name!r} has the labels {', '.join(self.labels)}",
                "the labels of a tokens task are O first, then pairs of B… and I…: O, B, I",
            )
        if len(self.labels) < 2 or len(set(self.labels)) != len(self.labels):
            raise ConfigurationError(f"task {self.name!r} needs two or more distinct labels, not {list(self.labels)}")

    def index(self, value: Any, order: Sequence[str] | None = None) -> int:
        """Return the class index that `value` names.

        Args:
            value: a label name (any letter case; `bearish`/`bullish` count as negative/positive) or an integer.
            order: label names that integers stand for; without it, integers are the head's own order.

        Raises:
            ValueError: not a label; the message says what is allowed.
        """
        text = str(value).strip()
        names = tuple(order or self.labels)
        number = _integer(text)
        if number is not None:
            if not 0 <= number < len(names):
                raise ValueError(f"{value!r} is not a label of {self.name}: integers go from 0 to {len(names) - 1}")
            text = names[number]
        folded = {label.casefold(): position for position, label in enumerate(self.labels)}
        key = text.casefold()
        position = folded.get(key, folded.get(ALIASES.get(key, key)))
        if position is None:
            raise ValueError(f"{value!r} is not a label of {self.name}: allowed are {', '.join(self.labels)} or 0 to {len(names) - 1}")
        return position


TOPIC = TaskSpec("topic", TOPICS)
SENTIMENT = TaskSpec("sentiment", SENTIMENTS)
HEADLINES = TaskSpec("headline_sentiment", SENTIMENTS)
"""Sentiment as SEntFiN labels it, for runs with a separate head for it beside that of Twitter Financial News."""
DEFAULT_TASKS = (TOPIC, SENTIMENT)
"""The heads of the shipped checkpoint."""


def find_task(tasks: Iterable[TaskSpec], name: str) -> TaskSpec:
    """Return the task called `name`.

    Raises:
        ConfigurationError: there is none; names those that there are.
    """
    known = {task.name: task for task in tasks}
    if name not in known:
        raise ConfigurationError(f"there is no task {name!r}", f"allowed are {', '.join(known)}")
    return known[name]


def _is_bio(labels: Sequence[str]) -> bool:
    return labels[0] == "O" and {"I" + x[1:] for x in labels[1:] if x[0] == "B"} == {x for x in labels[1:] if x[0] != "B"} != set()


def _integer(text: str) -> int | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None
