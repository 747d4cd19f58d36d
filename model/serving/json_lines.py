"""Scores lines of text or JSON and yields JSON objects: what `squall model score` does with standard input."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import orjson

from squall.core.records import MOST_MENTIONS, SENTIMENTS, TOPICS
from squall.model.excerpt.choice import Wanted
from squall.model.serving.engine import ScoringEngine
from squall.model.serving.reading import Reading
from squall.model.spans import Span

_DIGITS = 6
Extend = Callable[[str, Reading, int, Sequence[str] | None], Mapping[str, Any]]
"""More keys for a text, from the text, the reading it is in, its row there, and the names that its line brought (None: it brought none)."""

Want = Callable[[str, Sequence[str] | None], Wanted]
"""Whom a text should be read about, from the text and the names that its line brought."""


@dataclass(frozen=True)
class _Line:
    """One line of input: a text to score, or the reason why it can't be scored."""

    number: int
    text: str = ""
    error: str = ""
    passed: dict[str, Any] = field(default_factory=dict)
    entities: tuple[str, ...] | None = None


def score_lines(
    lines: Iterable[bytes], engine: ScoringEngine, *, batch: int = 256, extend: Extend | None = None, want: Want | None = None
) -> Iterator[dict[str, Any]]:
    """Score lines of UTF-8, each a plain text or a JSON object with `text` (and maybe `id`, which is passed through, and `entities`).

    Yields one object per line that isn't blank, in order: `text, topic, topic_probability, sentiment, p_negative,
    p_neutral, p_positive, score, severity` (0 to 1; None where the model has no such head), `events` (`name, probability` of what happened,
    likeliest first), `model_version`, and under the name of each tokens task its spans (`start, end, text`, and `label` where
    there are several); for a line that can't be scored `line` (from 1) and `error`.

    Args:
        lines: with or without line ends.
        engine: scores them.
        batch: lines scored together; the output lags the input by as many.
        extend: adds keys to each text's object, for example the entities it names; it is handed the names that a line brings. A line on
            which it raises ValueError or RuntimeError can't be scored.
        want: says whom a text should be read about that is too long to be read whole; where it raises one of these, nobody.
    """
    parsed = (_parse(number, line) for number, line in enumerate(lines, 1) if line.strip())
    while part := list(islice(parsed, batch)):
        yield from _scored(part, engine, extend, want)


def _parse(number: int, line: bytes) -> _Line:
    try:
        text = line.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        return _Line(number, error=f"not UTF-8 at byte {error.start}")
    if not text.startswith("{"):
        return _Line(number, error=f"{found}, not an object with a text") if (found := _json_value(text)) else _Line(number, text)
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return _Line(number, error=f"broken JSON: {error}")
    passed = {"id": body["id"]} if "id" in body else {}
    value = body.get("text")
    if not isinstance(value, str) or not value.strip():
        problem = "missing" if "text" not in body else "empty" if isinstance(value, str) else f"{type(value).__name__}, not a string"
        return _Line(number, error=f"field text is {problem}", passed=passed)
    try:
        return _Line(number, value, passed=passed, entities=_entities(body.get("entities")))
    except ValueError as error:
        return _Line(number, error=str(error), passed=passed)


def _json_value(text: str) -> str:
    """Return what a line holds that is JSON but nothing to read; empty for a text. A text in quotes is a text."""
    if text[0] not in "[-0123456789ntf":
        return ""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return ""
    return "a JSON array" if isinstance(value, list) else f"the JSON value {text:.20}"


def _entities(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(name, str) and name.strip() for name in value):
        raise ValueError("field entities is not a list of names")
    if len(value) > MOST_MENTIONS:
        raise ValueError(f"field entities has {len(value)} names, at most {MOST_MENTIONS} are read")
    return tuple(value)


def _scored(part: Sequence[_Line], engine: ScoringEngine, extend: Extend | None, want: Want | None) -> Iterator[dict[str, Any]]:
    good = [line for line in part if not line.error]

    def wanted(number: int) -> Wanted:
        try:
            return want(good[number].text, good[number].entities) if want else ()
        except (ValueError, RuntimeError):  # `extend` will say so, and of which line
            return ()

    found = engine.read([line.text for line in good], wanted=wanted)
    row = 0
    for line in part:
        if line.error:
            yield {**line.passed, "line": line.number, "error": line.error}
            continue
        try:
            more = extend(line.text, found, row, line.entities) if extend else {}
        except (ValueError, RuntimeError) as error:
            yield {**line.passed, "line": line.number, "error": str(error)}
            row += 1
            continue
        topic = int(found.topic[row].argmax())
        negative, neutral, positive = map(float, found.sentiment[row])
        yield {
            **line.passed,
            "text": line.text,
            "topic": TOPICS[topic],
            "topic_probability": round(float(found.topic[row, topic]), _DIGITS),
            "sentiment": SENTIMENTS[int(found.sentiment[row].argmax())],
            "p_negative": round(negative, _DIGITS),
            "p_neutral": round(neutral, _DIGITS),
            "p_positive": round(positive, _DIGITS),
            "score": round(positive - negative, _DIGITS),
            "severity": None if found.severity is None else round(float(found.severity[row]), _DIGITS),
            "events": [{"name": name, "probability": round(probability, _DIGITS)} for name, probability in found.events(row)],
            "model_version": found.model_version,
            **{name: [_span(span, line.text) for span in spans[row]] for name, spans in found.spans.items()},
            **more,
        }
        row += 1


def _span(span: Span, text: str) -> dict[str, Any]:
    label = {"label": span.label} if span.label else {}
    return {"start": span.start, "end": span.end, "text": text[span.start : span.end], **label}
