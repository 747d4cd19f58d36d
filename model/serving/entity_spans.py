"""Entity spans out of the logits of a tokens task, in characters of the text as it was given."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from squall.core.errors import ConfigurationError
from squall.model.preprocess import prepare_aligned
from squall.model.serving.served_model import ServedModel
from squall.model.spans import Span
from squall.model.tagging import tagged_spans
from squall.model.tasks import TaskSpec


class AlignedTokenizer:
    """Tokenises texts and records which characters each token covers.

    Args:
        model: whose tokenizer is used.
    """

    def __init__(self, model: ServedModel) -> None:
        self._model = model
        self._origins: list[list[int]] = []
        self._offsets: list[list[tuple[int, int]]] = []

    def tokenise(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, one or more, the same as `ServedModel.tokenise` does."""
        prepared = [prepare_aligned(text, self._model.max_tokens) for text in texts]
        encoded = self._model.encode([text for text, _ in prepared])
        self._origins += [origin for _, origin in prepared]
        self._offsets += [encoding.offsets for encoding in encoded]
        return [self._model.ids_of(encoding) for encoding in encoded]

    def spans(self, logits: Sequence[NDArray[np.float32]], task: TaskSpec) -> list[list[Span]]:
        """Return the spans of each tokenised text, sorted; offsets count in the text as it was given.

        Args:
            logits: per text, shape (tokens or more, labels), in the order in which the texts were tokenised.
            task: the tokens task.
        """
        tags = [values[: len(offsets)].argmax(-1).tolist() for values, offsets in zip(logits, self._offsets, strict=True)]
        return [
            [span._replace(start=origin[span.start], end=origin[span.end - 1] + 1) for span in tagged_spans(row, offsets, task)]
            for row, offsets, origin in zip(tags, self._offsets, self._origins, strict=True)
        ]


def tokens_task(tasks: Sequence[TaskSpec], name: str | None) -> TaskSpec:
    """Return the tokens task called `name`, or for None the only one.

    Raises:
        ConfigurationError: there is none, or several and no name.
    """
    known = [task for task in tasks if task.kind == "tokens"]
    chosen = [task for task in known if name in (None, task.name)]
    if len(chosen) != 1:
        names = ", ".join(task.name for task in known)
        raise ConfigurationError(
            f"the model has no tokens head{f' {name}' if name else ''}" if not chosen else f"the model has several tokens heads: {names}",
            f"name one of {names}" if known else "train one with a tokens task, and set SQUALL_MODEL__PATH to it",
        )
    return chosen[0]
