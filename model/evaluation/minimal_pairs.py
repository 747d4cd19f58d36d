"""Minimal pairs: two texts that differ in little, and what must differ in the answers.

A behavioural checklist, in the manner of CheckList (Ribeiro et al. 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import orjson

from squall.core.errors import ConfigurationError
from squall.core.records import SENTIMENTS
from squall.model.evaluation.metrics import bootstrap_interval
from squall.model.outputs import Probabilities
from squall.model.serving.engine import ScoringEngine
from squall.model.serving.reading import Reading
from squall.model.tasks import EVENTS, SEVERITY

MARGIN = 0.05
"""By how much a severity, or a tone (positive minus negative), must differ from the other."""
THRESHOLD = 0.5
"""Probability from which a text has an event."""
_FORMS = 'severity a > b; tone a < b; label a negative, b positive; event a: NAME; mention a "X" < "Y"'


@dataclass(frozen=True)
class Expectation:
    """What must hold for a pair.

    Args:
        kind: what is compared.
        first: label: of a; event: its name; mention: the name towards which the tone is more negative.
        second: label: of b; mention: the other name.
        text: mention: the text in which both stand.
    """

    kind: Literal["severity", "tone", "label", "event", "mention"]
    first: str = ""
    second: str = ""
    text: Literal["a", "b"] = "a"

    @classmethod
    def parse(cls, said: str) -> Expectation:
        """Read one of the forms that `minimal_pairs.jsonl` has; raises ValueError for another."""
        if said == "severity a > b":
            return cls("severity")
        if said == "tone a < b":
            return cls("tone")
        kind, _, rest = said.partition(" ")
        if kind == "event" and rest.startswith("a: "):
            return cls("event", rest[3:].strip())
        if kind == "label" and rest.startswith("a ") and ", b " in rest:
            first, _, second = rest[2:].partition(", b ")
            if first in SENTIMENTS and second in SENTIMENTS:
                return cls("label", first, second)
        quoted = rest.split('"')
        if kind == "mention" and len(quoted) == 5 and quoted[0] in {"a ", "b "} and quoted[2].strip() == "<":
            return cls("mention", quoted[1], quoted[3], "a" if quoted[0] == "a " else "b")
        raise ValueError(f"{said!r} is no expectation; there are: {_FORMS}")


@dataclass(frozen=True)
class MinimalPair:
    """Two texts and what must hold for them; all of `expected`."""

    name: str
    phenomenon: str
    a: str
    b: str
    expected: tuple[Expectation, ...]


def read_pairs(path: Path) -> list[MinimalPair]:
    """Read a JSONL file with `id`, `phenomenon`, `a`, `b`, `expect` and optionally `expect_b` in each line.

    Raises:
        ConfigurationError: not readable, no pairs, or a line that is none; names the line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}", "check the path") from None
    pairs = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            pairs.append(_pair(orjson.loads(line)))
        except (ValueError, KeyError) as error:
            what = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            raise ConfigurationError(f"{path}, line {number}: {what}", "correct the line") from None
    if not pairs:
        raise ConfigurationError(
            f"{path} has no pairs", 'give lines {"id": …, "phenomenon": …, "a": …, "b": …, "expect": "severity a > b"}'
        )
    return pairs


def judge_pairs(engine: ScoringEngine, pairs: Sequence[MinimalPair]) -> dict[str, Any]:
    """Return how many pairs a checkpoint passes.

    Returns:
        `model_version, pairs, passed`, `interval` (95%, bootstrap over pairs), `phenomena`: name → `pairs, passed`, those least often
        passed first; `failed`: the pairs that fail, as objects with `id, phenomenon, a, b`.

    Raises:
        ConfigurationError: pairs are about severity or events, and the checkpoint has no such head.
    """
    reading = engine.read([text for pair in pairs for text in (pair.a, pair.b)])
    answers = _Answers(reading)
    right = np.array([all(answers.holds(2 * row, pair, expected) for expected in pair.expected) for row, pair in enumerate(pairs)])
    of: dict[str, list[bool]] = {}
    for pair, passed in zip(pairs, right.tolist(), strict=True):
        of.setdefault(pair.phenomenon, []).append(passed)
    order = sorted(of, key=lambda name: (sum(of[name]) / len(of[name]), name))
    failed = [
        {"id": pair.name, "phenomenon": pair.phenomenon, "a": pair.a, "b": pair.b}
        for pair, passed in zip(pairs, right.tolist(), strict=True)
        if not passed
    ]
    return {
        "model_version": reading.model_version,
        "pairs": len(pairs),
        "passed": float(right.mean()),
        "interval": bootstrap_interval(np.arange(len(pairs)), right),
        "phenomena": {name: {"pairs": len(of[name]), "passed": sum(of[name]) / len(of[name])} for name in order},
        "failed": failed,
    }


class _Answers:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def holds(self, row: int, pair: MinimalPair, expected: Expectation) -> bool:
        """Whether it holds for the pair whose texts are `row` and the next one."""
        reading = self._reading
        a, b = row, row + 1
        if expected.kind == "severity":
            severity = reading.numbers[SEVERITY.name][[a, b]]
            return bool(severity[0] > severity[1] + MARGIN)
        if expected.kind == "tone":
            tone = _balance(reading.sentiment[[a, b]])
            return bool(tone[0] < tone[1] - MARGIN)
        if expected.kind == "label":
            best = [SENTIMENTS[int(reading.sentiment[each].argmax())] for each in (a, b)]
            return best == [expected.first, expected.second]
        if expected.kind == "event":
            labels = next(task.labels for task in reading.tasks if task.name == EVENTS.name)
            column = self._of(EVENTS.name)[:, labels.index(expected.first)]
            return bool(column[a] >= THRESHOLD > column[b])
        text, at = (pair.a, a) if expected.text == "a" else (pair.b, b)
        spans = [(text.index(name), text.index(name) + len(name)) for name in (expected.first, expected.second)]
        tone = _balance(reading.tone(at, spans))
        return bool(tone[0] < tone[1])

    def _of(self, head: str) -> Probabilities:
        return self._reading.probabilities[head]


def _balance(tone: Probabilities) -> Probabilities:
    """Probability positive minus negative."""
    balance: Probabilities = tone[:, 2] - tone[:, 0]
    return balance


def _pair(line: object) -> MinimalPair:
    if not isinstance(line, dict):
        raise ValueError("no object in braces")  # noqa: TRY004 - as every other fault of a line
    said = [line["expect"], *([line["expect_b"]] if "expect_b" in line else [])]
    pair = MinimalPair(str(line["id"]), str(line["phenomenon"]), str(line["a"]), str(line["b"]), tuple(map(Expectation.parse, said)))
    for expected in pair.expected:
        text = pair.a if expected.text == "a" else pair.b
        missing = [name for name in (expected.first, expected.second) if expected.kind == "mention" and name not in text]
        if missing:
            raise ValueError(f"text {expected.text} does not name {missing[0]!r}")
        if expected.kind == "event" and expected.first not in EVENTS.labels:
            raise ValueError(f"{expected.first!r} is no event; there are {', '.join(EVENTS.labels)}")
    return pair
