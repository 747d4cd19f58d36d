"""The loss of a run, Σ_t λ_t L_t over the labels that are present, with label smoothing, focal loss, distillation and R-Drop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
        labels: task → targets as `squall.model.outputs.target_array` gives them: of the rows for a text task, of the spans for a spans
            task, class indices of shape (rows, tokens) for a tokens task.
        soft: text task → teachers' probabilities, shape (rows, labels); empty without teachers.
        vectors: a teacher's standardised vectors of the texts, shape (rows, its width); None: not learned from.
        places: spans task → row, first token and token after the last of each span, int64, shape (spans, 3).
    """

    labels: Mapping[str, Tensor]
    soft: Mapping[str, Tensor]
    vectors: Tensor | None = None
    places: Mapping[str, Tensor] = field(default_factory=dict)


class Objective(nn.Module):
    """The loss of a batch.

    L_t of the labels is mean cross-entropy (of each label by itself where a text may have several), with label smoothing, focal weight
    (1 − p)^γ (Lin et al. 2017) and class weights where asked; those three are for tasks with one label. With teachers
    L_t = (1 − α) · labels + α · T² · KL(teachers ‖ network) at temperature T (Hinton et al. 2015).
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
            outputs = _of_spans(logits, task, targets)
            loss = self._task_loss(task, outputs, targets)
            if loss is None:
                continue
            if again is not None:
                others = _of_spans(again, task, targets)
                second = self._task_loss(task, others, targets)
                assert second is not None
                loss = (loss + second) / 2 + self.config.r_drop * divergence(outputs, others, targets.labels[task.name], task.output)
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

    def _task_loss(self, task: TaskSpec, outputs: Tensor, targets: Targets) -> Tensor | None:
        labels, soft = targets.labels[task.name], targets.soft.get(task.name)
        hard = self._label_loss(task, outputs.float(), labels)
        if soft is None:
            return hard
        share, temperature = self.config.teacher_share, self.config.teacher_temperature
        if task.output == "sigmoid":
            softened = torch.sigmoid(torch.logit(soft, eps=1e-6) / temperature)
            from_teachers = temperature**2 * _binary(outputs.float() / temperature, softened).sum(-1).mean()
        else:
            softened = functional.softmax(torch.log(soft.clamp(min=1e-8)) / temperature, -1)
            from_teachers = temperature**2 * functional.kl_div(
                functional.log_softmax(outputs.float() / temperature, -1), softened, reduction="batchmean"
            )
        return share * from_teachers + (1 - share) * hard if hard is not None else share * from_teachers

    def _label_loss(self, task: TaskSpec, outputs: Tensor, labels: Tensor) -> Tensor | None:
        known = _known(labels, task.output)
        if not bool(known.any()):
            return None
        outputs, labels = outputs[known], labels[known]
        if task.output == "sigmoid":
            return functional.binary_cross_entropy_with_logits(outputs, labels, reduction="none").sum(-1).mean()
        if task.output == "ordinal":
            return functional.cross_entropy(outputs, labels)
        weights, smooth = self.class_weights.get(task.name), self.config.label_smoothing
        each = functional.cross_entropy(outputs, labels, weights, reduction="none", label_smoothing=smooth)
        if self.config.focal_gamma:
            right = functional.softmax(outputs, -1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)
            each = each * (1 - right.detach()) ** self.config.focal_gamma
        return each.sum() / weights[labels].sum() if weights is not None else each.mean()


def span_logits(logits: Tensor, places: Tensor) -> Tensor:
    """Return the mean logits of each span's tokens, shape (spans, labels).

    Args:
        logits: (rows, tokens, labels).
        places: row, first token and token after the last of each span, shape (spans, 3).
    """
    sums = functional.pad(logits.float().cumsum(1), (0, 0, 1, 0))
    rows, first, stop = places.unbind(1)
    return (sums[rows, stop] - sums[rows, first]) / (stop - first).unsqueeze(1)


def divergence(one: Tensor, other: Tensor, labels: Tensor, output: str = "softmax") -> Tensor:
    """Return the symmetric KL divergence of two sets of logits, in nats, shape (): the mean over the tokens or rows that carry a label.

    Where there is none, it is the mean over all rows, in which the tokens of a row are summed.

    Args:
        one: logits, (rows, labels) or (rows, tokens, labels).
        other: logits of the same shape.
        labels: targets of those rows or tokens.
        output: of the task; for `sigmoid` the divergences of the labels are summed.
    """
    known = _known(labels, output)
    if bool(known.any()):
        one, other = one[known], other[known]
    one, other = one.float(), other.float()
    if output == "sigmoid":
        there, back = (_binary(a, torch.sigmoid(b)).sum() / max(1, len(a)) for a, b in ((one, other), (other, one)))
        return (there + back) / 2
    p, q = functional.log_softmax(one, -1), functional.log_softmax(other, -1)
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


def _of_spans(logits: Mapping[str, Tensor], task: TaskSpec, targets: Targets) -> Tensor:
    """The logits that a task's labels are compared with: for a spans task those of its spans."""
    found = logits[task.name]
    return span_logits(found, targets.places[task.name]) if task.kind == "spans" else found


def _known(labels: Tensor, output: str) -> Tensor:
    return labels != MISSING if output == "softmax" else ~labels.isnan().any(-1)


def _binary(logits: Tensor, probabilities: Tensor) -> Tensor:
    """KL divergence in nats of each label by itself, of the shape of `logits`; its gradient is that of the logits alone."""
    entropy = functional.binary_cross_entropy(probabilities, probabilities, reduction="none")
    return functional.binary_cross_entropy_with_logits(logits, probabilities, reduction="none") - entropy
