"""Two heads for one question whose labels follow different conventions, and a third that says which of them a text calls for.

Tweets and news disagree on what is neutral. A head that learns from both sets learns neither, so each set has its own, and a gate
weighs them by the text: a mixture of experts (Jacobs et al. 1991, "Adaptive Mixtures of Local Experts"), two of them, the gate
trained on which set a text is from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from squall.core.errors import ConfigurationError
from squall.model.outputs import Probabilities, softmax
from squall.model.tasks import TaskSpec, find_task


class Mixture(BaseModel):
    """What `task` answers: the mean of two heads' probabilities, weighed by the gate. The other two heads answer nothing by themselves.

    Args:
        task: a softmax head for texts.
        other: another one, with the same labels in the same order.
        gate: a softmax head for texts with two labels: the share of `task`, that of `other`.
        favour: the odds of `task` were multiplied by it after the gate had learnt, and its bias carries it: above 1 where a text of the
            sets of `task` that is taken for another costs more than the reverse (Elkan 2001, "The Foundations of Cost-Sensitive
            Learning", theorem 1).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    other: str
    gate: str
    favour: float = Field(1.0, gt=0)

    @property
    def heads(self) -> tuple[str, str, str]:
        """The names of its heads."""
        return self.task, self.other, self.gate

    def check(self, tasks: Sequence[TaskSpec]) -> None:
        """Raise ConfigurationError if `tasks` are not such heads."""
        task, other, gate = (find_task(tasks, name) for name in self.heads)
        if any((head.kind, head.output) != ("text", "softmax") for head in (task, other, gate)) or len(set(self.heads)) < 3:
            raise ConfigurationError(
                f"{self.task}, {self.other} and {self.gate} can't be mixed", "a mixture takes three softmax heads for texts"
            )
        if task.labels != other.labels:
            raise ConfigurationError(
                f"heads {self.task} and {self.other} have different labels", "only heads of the same labels can be mixed"
            )
        if len(gate.labels) != 2:
            raise ConfigurationError(f"the gate {self.gate} has {len(gate.labels)} labels", "give it two: one for each head")

    def answered(self, tasks: Sequence[TaskSpec]) -> tuple[TaskSpec, ...]:
        """Return those of `tasks` that answer by themselves."""
        return tuple(task for task in tasks if task.name not in (self.other, self.gate))

    def mixed(self, logits: Mapping[str, NDArray[np.float32]]) -> Probabilities:
        """Return what `task` answers: float32 probabilities, shape (n, labels), rows sum to 1.

        Args:
            logits: of the three heads, shape (n, labels).
        """
        of_other = softmax(logits[self.gate])[:, 1:]
        answer: Probabilities = (1 - of_other) * softmax(logits[self.task]) + of_other * softmax(logits[self.other])
        return answer
