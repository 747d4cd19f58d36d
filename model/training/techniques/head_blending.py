"""One head out of two that answer the same question for different kinds of text.

Heads are linear over the same pooled features, so averaging their weights averages their logits: the blended head costs
nothing at scoring time, and a set that labels its own way (headlines, tweets) need not spoil another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from pydantic import BaseModel, ConfigDict, Field

from squall.core.errors import ConfigurationError
from squall.model.data.examples import Example
from squall.model.network import MultiTaskNetwork
from squall.model.tasks import find_task


class Blend(BaseModel):
    """`into` becomes (1 − share) · `into` + share · `other`; `other` is dropped."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    into: str
    other: str
    share: float = Field(gt=0, lt=1)


def blend_heads(network: MultiTaskNetwork, blend: Blend) -> MultiTaskNetwork:
    """Return a copy of `network` with the two heads blended.

    Raises:
        ConfigurationError: a head is missing, or their labels differ.
    """
    tasks = network.config.tasks
    into, other = find_task(tasks, blend.into), find_task(tasks, blend.other)
    if into.labels != other.labels:
        raise ConfigurationError(
            f"heads {into.name} and {other.name} have different labels", "only heads of the same labels can be blended"
        )
    kept = tuple(task for task in tasks if task.name != blend.other)
    state = network.state_dict()
    for part in ("weight", "bias"):
        mixed = torch.lerp(state[f"heads.{blend.into}.{part}"], state.pop(f"heads.{blend.other}.{part}"), blend.share)
        state[f"heads.{blend.into}.{part}"] = mixed
    blended = MultiTaskNetwork.from_config(replace(network.config, tasks=kept))
    blended.load_state_dict(state)
    return blended.eval()


def relabelled(rows: Sequence[Example], into: str, other: str) -> list[Example]:
    """Return `rows` with labels of `other` as labels of `into`, where a row has none of its own."""
    result = []
    for row in rows:
        labels = dict(row.labels)
        if other in labels:
            labels.setdefault(into, labels.pop(other))
            labels.pop(other, None)
        result.append(replace(row, labels=labels))
    return result
