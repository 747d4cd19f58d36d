"""Texts in, labels and probabilities of every task out."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from squall.app.linking import open_linker
from squall.core.config.loading import load_settings
from squall.core.config.settings import Settings
from squall.model.outputs import ordinal_answer
from squall.model.serving.engine import ScoringEngine
from squall.model.serving.reading import Reading
from squall.model.spans import Span
from squall.model.tasks import EVENTS, SENTIMENT, SEVERITY, TaskOutput
from squall.stream.entity_tones import EntityTone, asked_tones, entity_tones, wanted_names
from squall.stream.mentions import Wanted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class TaskScores:
    """The answer of one task for n texts.

    Args:
        name: of the task, `sentiment` or `topic` for the shipped model.
        classes: names of the k classes, in the order of the columns.
        probabilities: float32, shape (n, k); rows sum to 1, but for a task with several classes at once.
        output: `softmax`: one class for each text; `sigmoid`: several at once, or none; `ordinal`: a number from ordered classes.
        threshold: of a task with several classes at once: the probability from which one counts.
        answered: the number of each text that a task with ordered classes answers, shape (n,); None: that of `probabilities` alone.
    """

    name: str
    classes: tuple[str, ...]
    probabilities: NDArray[np.float32]
    output: TaskOutput = "softmax"
    threshold: float = 0.5
    answered: NDArray[np.float32] | None = None

    @cached_property
    def labels(self) -> list[str]:
        """The most probable class of each text."""
        return [self.classes[i] for i in self.probabilities.argmax(axis=1)] if len(self.probabilities) else []

    @cached_property
    def numbers(self) -> NDArray[np.float32]:
        """The number from 0 to 1 of each text, shape (n,), where classes are in order: from the first, 0, to the last, 1."""
        return ordinal_answer(self.probabilities) if self.answered is None else self.answered

    @cached_property
    def several(self) -> list[tuple[tuple[str, float], ...]]:
        """The classes of each text that reach the threshold with their probabilities, likeliest first."""
        found = []
        for row in self.probabilities:
            order = np.argsort(-row, kind="stable")
            found.append(tuple((self.classes[i], float(row[i])) for i in order if row[i] >= self.threshold))
        return found

    def answer(self, row: int) -> Any:
        """Return the label, the number, or a list of `name` and `probability` of text `row`, by the task's output."""
        if self.output == "softmax":
            return self.labels[row]
        if self.output == "ordinal":
            return float(self.numbers[row])
        return [{"name": name, "probability": probability} for name, probability in self.several[row]]


@dataclass(frozen=True)
class TextScores:
    """What a model answers for n texts, in their order.

    Args:
        texts: as they were given.
        tasks: by name; every task of the checkpoint that classifies the whole text.
        spans: by name; for every task that labels tokens, the labelled spans of each text.
        entities: whom each text is about, or the names that were given with it, with the tone towards each and how grave what happened
            is for it; none where the checkpoint has no sentiment task.
        model_version: names the weights and the precision that produced the probabilities.
    """

    texts: tuple[str, ...]
    tasks: Mapping[str, TaskScores]
    spans: Mapping[str, list[list[Span]]]
    entities: list[list[EntityTone]]
    model_version: str

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, task: str) -> TaskScores:
        """Return one task's scores.

        Raises:
            KeyError: the checkpoint has no such task; the message names those that it has.
        """
        if task not in self.tasks:
            raise KeyError(f"no task {task!r}; this model has {', '.join(self.tasks)}")
        return self.tasks[task]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield a dictionary per text: `text`; per task its answer, or its spans; `<task>_probabilities` by class; `entities`.

        `severity` (0 to 1) is None, and `events` empty, where the checkpoint has no such tasks.
        """
        for i, text in enumerate(self.texts):
            row: dict[str, Any] = {"text": text, SEVERITY.name: None, EVENTS.name: []}
            for task in self.tasks.values():
                row[task.name] = task.answer(i)
                row[f"{task.name}_probabilities"] = dict(zip(task.classes, map(float, task.probabilities[i]), strict=True))
            for name, found in self.spans.items():
                row[name] = [span._asdict() for span in found[i]]
            row["entities"] = [entity.as_dict() for entity in self.entities[i]]
            yield row

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas frame, one row per text.

        Columns: `text`; per task its label (`topic`, `sentiment`), its number (`severity`) or its labels joined by `;` (`events`), and a
        probability per class (`sentiment: negative`).
        """
        import pandas as pd

        columns: dict[str, Any] = {"text": list(self.texts)}
        for task in self.tasks.values():
            several = [";".join(name for name, _ in found) for found in task.several] if task.output == "sigmoid" else []
            columns[task.name] = task.labels if task.output == "softmax" else task.numbers if task.output == "ordinal" else several
            for k, name in enumerate(task.classes):
                columns[f"{task.name}: {name}"] = task.probabilities[:, k]
        return pd.DataFrame(columns)


class Model:
    """A checkpoint ready to score; close it, or use it in a `with` statement. Thread-safe.

    Args:
        path: folder of a checkpoint; None: what the settings name, else the shipped weights.
        settings: device, precision, token limits, entities; None: read as the command line does (`squall.load_settings`).

    Raises:
        ConfigurationError: the folder holds no checkpoint, device, precision or backend are not available, or the entities are wrong.
    """

    def __init__(self, path: str | Path | None = None, *, settings: Settings | None = None) -> None:
        loaded = settings or load_settings()
        chosen = loaded.model
        if path is not None:
            chosen = chosen.model_copy(update={"path": Path(path)})
        self._linker = open_linker(loaded.entities)
        self._engine = ScoringEngine.open(chosen, needed=())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def version(self) -> str:
        """Names the weights and the precision."""
        return self._engine.model_version

    @property
    def tasks(self) -> dict[str, tuple[str, ...]]:
        """The classification tasks of the checkpoint: name → classes in the order of the probabilities."""
        return {task.name: task.labels for task in self._engine.tasks if task.kind == "text"}

    def score(self, texts: Iterable[str], *, entities: Sequence[Sequence[str] | None] | None = None) -> TextScores:
        """Score any number of texts; the result keeps their order.

        Args:
            texts: strings of any length. Of one of more than `settings.model.max_tokens` tokens, as many are read at most: the title, the
                first sentence below it, and those that sound grave or name `entities`.
            entities: per text the names (or ids) towards which the tone is wanted, known or not, as in `squall model score`; None: whom it
                is about.

        Raises:
            TypeError: `texts` is one string or holds something that is not a string, or `entities` are no lists of strings; the message
                gives the position.
            ValueError: `entities` has another length than `texts`, or what a text has is not acceptable as names.
            StoppedError: the model is closed.
        """
        given = _checked(texts)
        asked = None if entities is None else _checked_entities(entities, len(given))
        linked = SENTIMENT.name in self.tasks

        def wanted(row: int) -> Wanted:
            return wanted_names(asked[row] if asked is not None else None, given[row], self._linker) if linked else ()

        found = self._engine.read(given, wanted=wanted)
        tasks = {
            task.name: TaskScores(
                task.name, task.labels, found.probabilities[task.name], task.output, task.threshold, found.numbers.get(task.name)
            )
            for task in found.tasks
            if task.kind == "text"
        }
        return TextScores(tuple(given), tasks, found.spans, self._entities(given, found, asked), found.model_version)

    def _entities(self, texts: list[str], found: Reading, asked: Sequence[Sequence[str] | None] | None) -> list[list[EntityTone]]:
        if SENTIMENT.name not in self.tasks:
            return [[] for _ in texts]
        linker, tones = self._linker, []
        for row, text in enumerate(texts):
            names = asked[row] if asked is not None else None
            tones.append(entity_tones(text, found, row, linker) if names is None else asked_tones(names, text, found, row, linker))
        return tones

    def close(self) -> None:
        """Free the network; may be called again."""
        self._engine.close()


_shared_lock = threading.Lock()
_shared: Model | None = None


def score(texts: Iterable[str], *, entities: Sequence[Sequence[str] | None] | None = None) -> TextScores:
    """Score texts with the configured model, else the shipped one.

    The model is loaded at the first call and stays in memory for the next ones. `Model` gives control over that.

    Raises:
        TypeError: as `Model.score`.
        ValueError: as `Model.score`.
        ConfigurationError: as `Model`.
    """
    global _shared
    given = _checked(texts)
    with _shared_lock:
        if _shared is None:
            _shared = Model()
    return _shared.score(given, entities=entities)


def _checked(texts: Iterable[str]) -> list[str]:
    if isinstance(texts, str | bytes):
        raise TypeError("texts is a single string; pass a list of strings: squall.score([text])")
    given = list(texts)
    for position, text in enumerate(given):
        if not isinstance(text, str):
            raise TypeError(f"texts[{position}] is {type(text).__name__}, not a string")
    return given


def _checked_entities(entities: Iterable[Iterable[str] | None], texts: int) -> list[list[str] | None]:
    if isinstance(entities, str | bytes | Mapping | Set):
        raise TypeError(f"entities is {type(entities).__name__}, not a list with a list of names for each text")
    asked: list[list[str] | None] = []
    for position, names in enumerate(entities):
        if isinstance(names, str | bytes | Mapping | Set) or not (names is None or isinstance(names, Iterable)):
            hint = f"[{names!r:.60}]" if isinstance(names, str) else "a list of names"
            raise TypeError(f"entities[{position}] is {type(names).__name__}; pass {hint}")
        asked.append(None if names is None else list(names))
        for name in asked[-1] or ():
            if not isinstance(name, str):
                raise TypeError(f"entities[{position}] has {name!r:.60}, which is not a string")
    if len(asked) != texts:
        raise ValueError(f"entities has {len(asked)} items, texts has {texts}")
    return asked
