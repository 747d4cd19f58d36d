"""What the network says of texts: topic, sentiment, severity, events, and the names with tone and severity, from one pass."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np

from squall.core.errors import ConfigurationError
from squall.model.excerpt.sentences import Place
from squall.model.mixture import Mixture
from squall.model.outputs import Probabilities, expected_root, ordinal_answer, probabilities
from squall.model.serving.logits_collector import LogitsCollector
from squall.model.serving.severities import OF_NAMES, named_severity, raised
from squall.model.serving.span_logits import SpanLogits
from squall.model.spans import Span
from squall.model.tagging import tagged_spans, whole_words
from squall.model.tasks import (
    EVENTS,
    MENTION_EVENTS,
    MENTION_SENTIMENT,
    MENTION_SEVERITY,
    NAMES,
    SENTIMENT,
    SEVERITY,
    TOPIC,
    TaskSpec,
    find_task,
)

Answer = TypeVar("Answer")


class Reading:
    """The answers of every head for n texts, in their order. Thread-safe; what is asked of it costs no further pass.

    Args:
        tasks: the heads of the checkpoint that answer by themselves.
        collected: the logits of all heads.
        model_version: the model that read the texts; one for all texts of a call.
        mixture: the heads that answer one question together.
    """

    def __init__(self, tasks: Sequence[TaskSpec], collected: LogitsCollector, model_version: str, mixture: Mixture | None = None) -> None:
        self.tasks = tuple(tasks)
        self.model_version = model_version
        self._mixture = mixture
        self._collected = collected
        self._span_logits = SpanLogits(self.tasks, collected)
        self._tone = next((task for task in self.tasks if (task.name, task.kind) == (MENTION_SENTIMENT.name, "spans")), None)
        self._severity, self._events = self._head(SEVERITY), self._head(EVENTS)
        self._mention_severity, self._mention_events = self._head(MENTION_SEVERITY), self._head(MENTION_EVENTS)

    def __len__(self) -> int:
        return self._collected.texts

    @cached_property
    def topic(self) -> Probabilities:
        """float32, shape (n, 20), rows sum to 1, columns as `squall.core.records.TOPICS`.

        Raises:
            ConfigurationError: the checkpoint has no such head.
        """
        return self.probabilities[TOPIC.name][:, columns(self.tasks, TOPIC)]

    @cached_property
    def sentiment(self) -> Probabilities:
        """float32, shape (n, 3), rows sum to 1, columns as `squall.core.records.SENTIMENTS`.

        Raises:
            ConfigurationError: the checkpoint has no such head.
        """
        return self.probabilities[SENTIMENT.name][:, columns(self.tasks, SENTIMENT)]

    @cached_property
    def probabilities(self) -> _Heads[Probabilities]:
        """Per text task float32 probabilities, shape (n, labels), columns in the checkpoint's own order."""
        logits, mixture = self._collected.text, self._mixture
        return _Heads(
            (task.name, mixture.mixed(logits) if mixture and task.name == mixture.task else probabilities(task, logits[task.name]))
            for task in self.tasks
            if task.kind == "text"
        )

    @cached_property
    def spans(self) -> _Heads[list[list[Span]]]:
        """Per tokens task the spans found in each text, sorted; offsets count in the text as it was given."""
        return _Heads((task.name, self._found(task)) for task in self.tasks if task.kind == "tokens")

    @cached_property
    def names(self) -> list[list[Span]]:
        """The names in each text, with a label of `squall.model.tasks.NAME_KINDS`; empty lists where the checkpoint has no such head."""
        return self.spans[NAMES.name] if NAMES.name in self.spans else [[] for _ in range(len(self))]

    def names_within(self, row: int) -> list[Place]:
        """Return the places of a text in which names were looked for, sorted, apart; none where the checkpoint has no such head.

        One, from the beginning on, but for a text that is too long to be read whole.
        """
        if NAMES.name not in self.spans:
            return []
        offsets = self._collected.offsets[row]
        read = int(offsets[:, 1].max()) if len(offsets) else 0
        parts = self._collected.parts.get(row, [(0, read)])
        return [(start, min(end, read)) for start, end in parts if start < read]

    def name_chances(self, row: int) -> list[tuple[int, int, float, float]]:
        """Return (start, end, probability that it is of an organisation, that it goes on with the name of the token before) of each token.

        In the order of the text, the probabilities to 1/255; empty where the checkpoint has no head for names. Behind what was not read no
        name goes on.
        """
        chances, offsets = self._collected.chances[row], self._collected.offsets[row]
        breaks = [token for token in self._breaks(row) if token < len(chances)]
        if breaks:
            chances = chances.copy()
            chances[breaks, 1] = 0
        return [
            (start, end, organisation / 255, inside / 255)
            for (start, end), (organisation, inside) in zip(offsets.tolist(), chances.tolist(), strict=False)
        ]

    def tone(self, row: int, spans: Sequence[tuple[int, int]]) -> Probabilities:
        """Return the tone towards spans of a text: float32, shape (spans, 3), rows sum to 1, columns as `squall.core.records.SENTIMENTS`.

        Towards a span that the network did not read (the text is too long), and where the checkpoint has no such head, it is the sentiment
        of the text.

        Args:
            row: which text.
            spans: first character and the one after the last, in the text as it was given.
        """
        if self._tone is None or not spans:
            return np.repeat(self.sentiment[row : row + 1], len(spans), axis=0)
        found = self.towards(self._tone.name, row, spans)[:, self._tone_columns]
        unread = np.isnan(found[:, 0])
        if unread.any():
            found[unread] = self.sentiment[row]
        return found

    @cached_property
    def _tone_columns(self) -> list[int]:
        return columns(self.tasks, MENTION_SENTIMENT)

    @cached_property
    def severity(self) -> Probabilities | None:
        """How grave what each text reports is: float32, shape (n,), in [0, 1]; None where the checkpoint has no such head.

        The answer of the head for texts, raised by that of the head for names where an organisation is hit (`serving.severities`).
        """
        if self._severity is None:
            return None
        named = np.zeros(len(self), np.float32)
        if self._mention_severity is not None:
            named = named_severity(self._collected.spans[MENTION_SEVERITY.name], self._collected.chances)
        return raised(expected_root(self.probabilities[SEVERITY.name]), OF_NAMES * named)

    @cached_property
    def numbers(self) -> _Heads[Probabilities]:
        """Per ordinal text task the number that it answers of each text: float32, shape (n,), in [0, 1]; of `severity` the property."""
        found = self.probabilities
        same = {SEVERITY.name: self.severity} if self.severity is not None else {}
        return _Heads(
            (task.name, same[task.name] if task.name in same else ordinal_answer(found[task.name]))
            for task in self.tasks
            if (task.kind, task.output) == ("text", "ordinal")
        )

    def events(self, row: int) -> list[tuple[str, float]]:
        """Return what a text says happened: labels of the checkpoint's head and their probabilities, likeliest first.

        Those that reach the head's threshold (`TaskSpec.threshold`); none where the checkpoint has no such head.
        """
        return [] if self._events is None else _given(self._events, self.probabilities[EVENTS.name][row])

    def mention_events(self, row: int, spans: Sequence[tuple[int, int]]) -> list[tuple[str, float]] | None:
        """Return what a text says happened to the one whom all `spans` name, as `events` does; their probabilities are the spans' mean.

        None where the checkpoint has no such head. Nothing where the network read none of the spans (the text is too long): what a text
        says of others did not happen to them.

        Args:
            row: which text.
            spans: first character and the one after the last, in the text as it was given.
        """
        if self._mention_events is None:
            return None
        found = self.towards(MENTION_EVENTS.name, row, spans)
        read = found[~np.isnan(found[:, 0])]
        return _given(self._mention_events, read.mean(axis=0)) if len(read) else []

    def mention_severity(self, row: int, spans: Sequence[tuple[int, int]]) -> Probabilities | None:
        """Return how grave what a text reports is for each of `spans`: float32, shape (spans,), in [0, 1].

        None where the checkpoint has no such head. NaN for a span that the network did not read (the text is too long).

        Args:
            row: which text.
            spans: first character and the one after the last, in the text as it was given.
        """
        if self._mention_severity is None:
            return None
        return ordinal_answer(self.towards(MENTION_SEVERITY.name, row, spans))

    def towards(self, task: str, row: int, spans: Sequence[tuple[int, int]]) -> Probabilities:
        """Return the answer of a spans task for spans of a text: float32, shape (spans, labels), NaN where the network did not read a span.

        The logits of a span are the mean of those of its tokens.

        Raises:
            ConfigurationError: the checkpoint has no such head.
        """
        spec = find_task([task for task in self.tasks if task.kind == "spans"], task)
        return probabilities(spec, self._span_logits.of(task, row, spans))

    def _breaks(self, row: int) -> list[int]:
        """The tokens of a text with something before them that was not read, sorted; perhaps the one after the last."""
        starts = [start for start, _ in self._collected.parts.get(row, ())]
        found: list[int] = np.searchsorted(self._collected.offsets[row][:, 0], starts[1:]).tolist()
        return found

    def _head(self, wanted: TaskSpec) -> TaskSpec | None:
        """The head that answers what `wanted` does, whatever its labels."""
        same = (wanted.name, wanted.kind, wanted.output)
        return next((task for task in self.tasks if (task.name, task.kind, task.output) == same), None)

    def _found(self, task: TaskSpec) -> list[list[Span]]:
        outside = task.labels.index("O")
        found: list[list[Span]] = []
        collected = self._collected
        for row, (tags, offsets, inner) in enumerate(zip(collected.tags[task.name], collected.offsets, collected.inner, strict=True)):
            spans: list[Span] = []
            if (tags != outside).any():
                whole, places = whole_words(tags, inner, task).tolist(), offsets.tolist()
                ends = [0, *self._breaks(row), len(whole)]
                for first, stop in pairwise(ends):  # a name does not reach over what was not read
                    spans += tagged_spans(whole[first:stop], places[first:stop], task)
            found.append(spans)
        return found


def _given(task: TaskSpec, found: Probabilities) -> list[tuple[str, float]]:
    """Return the labels of a sigmoid task that reach its threshold, and their probabilities, shape (labels,), likeliest first."""
    reached = [pair for pair in zip(task.labels, found.tolist(), strict=True) if pair[1] >= task.threshold]
    return sorted(reached, key=lambda pair: -pair[1])


class _Heads(dict[str, Answer], Generic[Answer]):
    """Answers by the name of their task; a missing one is an error that says so."""

    def __missing__(self, name: str) -> Answer:
        raise ConfigurationError(
            f"the model has no {name} head", f"it has {', '.join(self)}" if self else "set SQUALL_MODEL__PATH to another one"
        )


def columns(tasks: Sequence[TaskSpec], task: TaskSpec) -> list[int]:
    """Return the positions of `task`'s labels among those of the head of that name.

    Raises:
        ConfigurationError: the head is missing or has other labels.
    """
    for candidate in tasks:
        if (candidate.name, candidate.kind) == (task.name, task.kind) and set(candidate.labels) == set(task.labels):
            return [candidate.labels.index(label) for label in task.labels]
    raise ConfigurationError(
        f"the model has no {task.name} head with the labels {', '.join(task.labels)}", "set SQUALL_MODEL__PATH to another one"
    )
