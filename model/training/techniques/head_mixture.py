"""Labels for a mixture of heads, see `squall.model.mixture`, and how its gate favours one of them."""

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
    """

    sources: tuple[str, ...] = Field(min_length=1)

    def favouring(self, favour: float) -> Mixture:
        """Return what a checkpoint says of it whose gate has that `favour`."""
        return Mixture(task=self.task, other=self.other, gate=self.gate, favour=favour)


def set_favour(network: MultiTaskNetwork, favour: float) -> None:
    """Let the gate of `network` multiply the odds of its mixture's `task` by `favour`, in place of what it multiplies them by so far."""
    mixture = network.config.mixture
    assert mixture is not None
    with torch.no_grad():
        network.heads[mixture.gate].bias[_OWN] += log(favour / mixture.favour)  # type: ignore[index, operator]
    network.config = replace(network.config, mixture=mixture.model_copy(update={"favour": favour}))


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
