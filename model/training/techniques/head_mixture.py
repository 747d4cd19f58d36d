"""Labels for a mixture of heads, see `squall.model.mixture`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import log

import torch
from pydantic import Field

from squall.model.data.examples import Example
from squall.model.mixture import Mixture
from squall.model.network import MultiTaskNetwork

_OWN, _OTHER = 0, 1
"""Labels of the gate."""


class LearntMixture(Mixture):
    """A mixture, and which sets label as `task` does; the labels of all others are for `other`.

    Args:
        sources: names of sets.
        favour: the odds of `task` are multiplied by it after the training: above 1 where a text of its sets that is taken for another
            costs more than the reverse (Elkan 2001, "The Foundations of Cost-Sensitive Learning", theorem 1).
    """

    sources: tuple[str, ...] = Field(min_length=1)
    favour: float = Field(1.0, gt=0)

    @property
    def plain(self) -> Mixture:
        """What a checkpoint says of it."""
        return Mixture(task=self.task, other=self.other, gate=self.gate)


def favoured(network: MultiTaskNetwork, mixture: LearntMixture) -> None:
    """Multiply the odds that the gate of `network` gives to `task`, in place."""
    with torch.no_grad():
        network.heads[mixture.gate].bias[_OWN] += log(mixture.favour)  # type: ignore[index, operator]


def by_convention(rows: Iterable[Example], mixture: LearntMixture | None) -> list[Example]:
    """Return `rows` with each label of `task` at the head whose convention its set follows, and that for the gate."""
    return list(rows) if mixture is None else [_by_convention(row, mixture) for row in rows]


def _by_convention(row: Example, mixture: LearntMixture) -> Example:
    labels = dict(row.labels)
    if mixture.task in labels and row.source not in mixture.sources:
        labels[mixture.other] = labels.pop(mixture.task)
    if mixture.task not in labels and mixture.other not in labels:
        return row
    labels[mixture.gate] = _OWN if mixture.task in labels else _OTHER
    return replace(row, labels=labels)
