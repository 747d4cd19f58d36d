"""The loss of a run, Σ_t λ_t L_t over the labels that are present, with label smoothing, focal loss, distillation and R-Drop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from squall.model.tasks import MISSING, TaskSpec
from squall.model.training.config import TrainConfig


@dataclass(frozen=True)
class Targets:
    """The targets of one batch.

    Args:
        labels: task → class indices, `MISSING` where there is none: (rows,) for a text task, (rows, tokens) for a tokens task.
        soft: text task → teachers' probabilities, shape (rows, labels); empty without teachers.
        vectors: a teacher's standardised vectors of the texts, shape (rows, its width); None: not learned from.
    """

    labels: Mapping[str, Tensor]
    soft: Mapping[str, Tensor]
    vectors: Tensor | None = None


class Objective(nn.Module):
    """The loss of a batch.

    L_t of the labels is mean cross-entropy, with label smoothing, focal weight (1 − p)^γ (Lin et al. 2017) and class weights
    where asked. With teachers L_t = (1 − α) · labels + α · T² · KL(teachers ‖ network) at temperature T (Hinton et al. 2015).
    With learned weights the sum is Σ_t λ_t (e^(−s_t) L_t + s_t / 2), s_t a parameter (Kendall et al. 2018). R-Drop adds the
    symmetric KL divergence between two passes (Liang et al. 2021). With a teacher's vectors v the sum gains
    β · mean((W h + b − v)²), h the network's vector of the text, W and b learned and thrown away (FitNets, Romero et al. 2015).

    Args:
        tasks: heads that count.
        config: the run's settings.
        class_weights: task → weight per class, from `balanced_weights`.
        widths: of the network's and of the teacher's text vectors; None: those are not learned from.
    """

    def __init__(
        self,
        tasks: Sequence[TaskSpec],
        config: TrainConfig,
        class_weights: Mapping[str, Tensor] | None = None,
        widths: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.tasks, self.config = tuple(tasks), config
        self.class_weights = dict(class_weights or {})
        learned = [task.name for task in self.tasks] if config.learn_loss_weights else []
        self.uncertainty = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in learned})
        self.projection = nn.Linear(*widths) if widths else None

    def forward(
        self,
        logits: Mapping[str, Tensor],
        targets: Targets,
        again: Mapping[str, Tensor] | None = None,
        vectors: Tensor | None = None,
    ) -> Tensor:
        """Return the scalar loss; 0 with a gradient of 0 where no task has a target.

        Args:
            logits: the network's output.
            targets: what it should be.
            again: the output of a second pass over the same rows, for R-Drop.
            vectors: the network's vectors of the texts, shape (rows, width), where `targets` has a teacher's.
        """
        total = next(iter(logits.values())).sum() * 0.0
        for task in self.tasks:
            loss = self._task_loss(task.name, logits[task.name], targets)
            if loss is None:
                continue
            if again is not None:
                second = self._task_loss(task.name, again[task.name], targets)
                assert second is not None
                apart = divergence(logits[task.name], again[task.name], targets.labels[task.name])
                loss = (loss + second) / 2 + self.config.r_drop * apart
            if task.name in self.uncertainty:
                spread = self.uncertainty[task.name]
                loss = torch.exp(-spread) * loss + spread / 2
            total = total + self.config.loss_weights.get(task.name, 1.0) * loss
        if self.projection is not None and vectors is not None and targets.vectors is not None:
            total = total + self.config.teacher_vectors * functional.mse_loss(self.projection(vectors.float()), targets.vectors)
        return total

    def weights(self) -> dict[str, float]:
        """Return λ per task as it stands."""
        fixed = {task.name: self.config.loss_weights.get(task.name, 1.0) for task in self.tasks}
        return {n: w * torch.exp(-self.uncertainty[n]).item() if n in self.uncertainty else w for n, w in fixed.items()}

    def _task_loss(self, name: str, outputs: Tensor, targets: Targets) -> Tensor | None:
        labels, soft = targets.labels[name], targets.soft.get(name)
        hard = self._label_loss(name, outputs.float(), labels)
        if soft is None:
            return hard
        share, temperature = self.config.teacher_share, self.config.teacher_temperature
        softened = functional.softmax(torch.log(soft.clamp(min=1e-8)) / temperature, -1)
        from_teachers = temperature**2 * functional.kl_div(
            functional.log_softmax(outputs.float() / temperature, -1), softened, reduction="batchmean"
        )
        return share * from_teachers + (1 - share) * hard if hard is not None else share * from_teachers

    def _label_loss(self, name: str, outputs: Tensor, labels: Tensor) -> Tensor | None:
        known = labels != MISSING
        if not bool(known.any()):
            return None
        outputs, labels, weights = outputs[known], labels[known], self.class_weights.get(name)
        smooth = self.config.label_smoothing
        each = functional.cross_entropy(outputs, labels, weights, reduction="none", label_smoothing=smooth)
        if self.config.focal_gamma:
            right = functional.softmax(outputs, -1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)
            each = each * (1 - right.detach()) ** self.config.focal_gamma
        return each.sum() / weights[labels].sum() if weights is not None else each.mean()


def divergence(one: Tensor, other: Tensor, labels: Tensor) -> Tensor:
    """Return the symmetric KL divergence of two sets of logits, in nats, shape (): the mean over the tokens or rows that carry a label.

    Where there is none, it is the mean over all rows, in which the tokens of a row are summed.

    Args:
        one: logits, (rows, labels) or (rows, tokens, labels).
        other: logits of the same shape.
        labels: class indices, `MISSING` where there is none: (rows,) or (rows, tokens).
    """
    known = labels != MISSING
    if bool(known.any()):
        one, other = one[known], other[known]
    p, q = functional.log_softmax(one.float(), -1), functional.log_softmax(other.float(), -1)
    there, back = (functional.kl_div(a, b, reduction="batchmean", log_target=True) for a, b in ((p, q), (q, p)))
    return (there + back) / 2


def balanced_weights(labels: np.ndarray[Any, np.dtype[np.int64]], classes: int, power: float) -> Tensor:
    """Return fp32 weights ∝ n_c^−power per class with mean 1 over the labelled entries, shape (classes,); 0 for a class without rows.

    Args:
        labels: class indices of any shape, `MISSING` where there is none.
        classes: number of classes.
        power: 0: equal weights; 1: every class weighs the same in total.
    """
    counts = np.bincount(labels[labels != MISSING].ravel(), minlength=classes).astype(np.float64)
    weights = np.divide(1.0, counts**power, out=np.zeros(classes), where=counts > 0)
    return torch.from_numpy((weights * counts.sum() / (weights * counts).sum()).astype(np.float32))
