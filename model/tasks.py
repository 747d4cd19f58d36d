"""Tasks of the network: a task is a name, labels, what a label belongs to and how labels are answered; it has one head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from squall.core.errors import ConfigurationError
from squall.core.gravity.event_kinds import EVENT_KINDS
from squall.core.gravity.severities import SEVERITIES
from squall.core.records import SENTIMENTS, TOPICS

MISSING = -100
"""Class index of a text or token that carries no label of a task; the value that cross-entropy ignores."""
ALIASES = {"bearish": "negative", "bullish": "positive"}
"""Label names of public data sets, mapped to Squall's."""
NONE = "none"
"""What a file says where none of the labels of a task with several at once applies."""

TaskKind = Literal["text", "tokens", "spans"]
"""What a label belongs to: the whole text, each of its tokens (BIO), or a stretch of it that somebody names."""
TaskOutput = Literal["softmax", "sigmoid", "ordinal"]
"""How labels are answered: one of them, any number of them at once, or one number from labels in ascending order."""
Label = int | tuple[int, ...] | float
"""A label as training reads it: class index (softmax), sorted class indices (sigmoid), position from 0 to 1 (ordinal)."""


def _is_bio(labels: Sequence[str]) -> bool:
    return labels[0] == "O" and {"I" + x[1:] for x in labels[1:] if x[0] == "B"} == {x for x in labels[1:] if x[0] != "B"} != set()


@dataclass(frozen=True)
class TaskSpec:
    """One head.

    Args:
        name: key in every mapping of logits, labels and metrics.
        labels: class names in the order of the head's outputs; distinct, two or more. For `tokens`: BIO tags, `O` first. For `ordinal`:
            grades from the least to the most.
        kind: what a label belongs to. The logits of a span are the mean of its tokens'.
        output: how labels are answered; tokens tasks know softmax only.
        threshold: of a sigmoid task, the probability from which a label counts as given.

    Raises:
        ConfigurationError: the labels can't make a head.
    """

    name: str
    labels: tuple[str, ...]
    kind: TaskKind = "text"
    output: TaskOutput = "softmax"
    threshold: float = 0.5

    def __post_init__(self) -> None:
        for value, allowed in ((self.kind, get_args(TaskKind)), (self.output, get_args(TaskOutput))):
            if value not in allowed:
                raise ConfigurationError(f"task {self.name!r} is of kind {value!r}", f"allowed are {', '.join(allowed)}")
        if self.kind == "tokens" and not _is_bio(self.labels):
            raise ConfigurationError(
                f"task {self.name!r} has the labels {', '.join(self.labels)}",
                "the labels of a tokens task are O first, then pairs of B… and I…: O, B, I",
            )
        if self.kind == "tokens" and self.output != "softmax":
            raise ConfigurationError(f"task {self.name!r} has the output {self.output!r}", "a tokens task has one tag per token: softmax")
        if not 0 < self.threshold < 1:
            raise ConfigurationError(f"task {self.name!r} has the threshold {self.threshold!r}", "it is a probability between 0 and 1")
        if len(self.labels) < 2 or len(set(self.labels)) != len(self.labels):
            raise ConfigurationError(f"task {self.name!r} needs two or more distinct labels, not {list(self.labels)}")

    def to_json(self) -> dict[str, Any]:
        """Return what a checkpoint's configuration says of the head."""
        threshold = {"threshold": self.threshold} if self.output == "sigmoid" else {}
        return {"name": self.name, "kind": self.kind, "output": self.output, **threshold, "labels": list(self.labels)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> TaskSpec:
        """Return the head of which a configuration says `body`.

        Raises:
            KeyError: name or labels are missing.
            ConfigurationError: the labels can't make a head.
        """
        what = body.get("kind", "text"), body.get("output", "softmax")
        return cls(body["name"], tuple(body["labels"]), *what, float(body.get("threshold", cls.threshold)))

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
        number = _number(text)
        if number is not None and number.is_integer():
            if not 0 <= number < len(names):
                raise ValueError(f"{value!r} is not a label of {self.name}: integers go from 0 to {len(names) - 1}")
            text = names[int(number)]
        folded = {label.casefold(): position for position, label in enumerate(self.labels)}
        key = text.casefold()
        position = folded.get(key, folded.get(ALIASES.get(key, key)))
        if position is None:
            raise ValueError(f"{value!r} is not a label of {self.name}: allowed are {', '.join(self.labels)} or 0 to {len(names) - 1}")
        return position

    def label(self, value: Any, order: Sequence[str] | None = None) -> Label:
        """Return the label that a file's `value` stands for.

        Args:
            value: softmax: as for `index`. sigmoid: a list of labels, or text with `;` between them; `none` or an empty list where none
                applies. ordinal: a grade's name, or a number from 0 (the first grade) to 1 (the last).
            order: label names that integers stand for.

        Raises:
            ValueError: not a label; the message says what is allowed.
        """
        if self.output == "softmax":
            return self.index(value, order)
        if self.output == "sigmoid":
            parts = value if isinstance(value, list | tuple) else str(value).split(";")
            if [str(part).strip().casefold() for part in parts] == [NONE]:
                parts = ()
            return tuple(sorted({self.index(part, order) for part in parts}))
        number = None if order else _number(str(value).strip())
        if number is None:
            return self.index(value, order) / (len(self.labels) - 1)
        if not 0 <= number <= 1:
            raise ValueError(f"{value!r} is not a label of {self.name}: allowed are {', '.join(self.labels)}, or numbers from 0 to 1")
        return number


TOPIC = TaskSpec("topic", TOPICS)
SENTIMENT = TaskSpec("sentiment", SENTIMENTS)
HEADLINES = TaskSpec("headline_sentiment", SENTIMENTS)
"""Sentiment as sets of news label it, for runs with a separate head for it beside that of Twitter Financial News."""
NAME_KINDS = ("ORG", "PER", "LOC", "MISC")
"""What a name can stand for: organisation, person, place, other."""
NAMES = TaskSpec("names", ("O", *(f"{prefix}-{kind}" for kind in NAME_KINDS for prefix in "BI")), "tokens")
"""The names in a text."""
MENTION_SENTIMENT = TaskSpec("mention_sentiment", SENTIMENTS, "spans")
"""The tone of a text towards a name in it."""
SEVERITY = TaskSpec("severity", SEVERITIES, "text", "ordinal")
"""How grave what a text reports is."""
EVENTS = TaskSpec("events", EVENT_KINDS, "text", "sigmoid", threshold=0.4)
"""What happened, by a text; with this threshold the macro F1 on held-out texts is within 0.007 of the highest (minilm-mt-9)."""
MENTION_SEVERITY = TaskSpec("mention_severity", SEVERITIES, "spans", "ordinal")
"""How grave what a text reports is for a name in it."""
DEFAULT_TASKS = (TOPIC, SENTIMENT)
"""The heads that the stream needs."""
MENTION_EVENTS = TaskSpec("mention_events", EVENT_KINDS, "spans", "sigmoid", threshold=EVENTS.threshold)
"""What happened to a name, as a text reports it."""
_OF_NAMES = (NAMES, MENTION_SENTIMENT, MENTION_SEVERITY, MENTION_EVENTS)
KNOWN_TASKS = {task.name: task for task in (*DEFAULT_TASKS, HEADLINES, SEVERITY, EVENTS, *_OF_NAMES)}
"""Tasks that a recipe may name without their labels."""


def find_task(tasks: Iterable[TaskSpec], name: str) -> TaskSpec:
    """Return the task called `name`.

    Raises:
        ConfigurationError: there is none; names those that there are.
    """
    known = {task.name: task for task in tasks}
    if name not in known:
        raise ConfigurationError(f"there is no task {name!r}", f"allowed are {', '.join(known)}")
    return known[name]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
