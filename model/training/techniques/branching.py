"""Training a branch: new heads on copies of the base's last layers, while the base's own layers and heads stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import torch

from squall.core.errors import ConfigurationError
from squall.model.checkpoint import BranchConfig, NetworkConfig
from squall.model.network import MultiTaskNetwork
from squall.model.tasks import TaskSpec
from squall.model.training.config import TrainConfig


def planned_branch(config: TrainConfig, base: NetworkConfig | None, tasks: Sequence[TaskSpec]) -> BranchConfig | None:
    """Return the branch that a run trains; None where it trains the whole network.

    The heads that read the encoder of `base`, with the same labels, go on reading it, those of `branch_both` the branch too; all others
    read the branch alone.

    Args:
        config: the run's settings.
        base: of the checkpoint that it goes on from; None: a bare encoder.
        tasks: its heads.

    Raises:
        ConfigurationError: a branch without such heads, without new ones, or beside what trains the encoder; or none, after one; or
            `branch_both` names a head that the base lacks.
    """
    before = base.branch if base else None
    if not config.branch_layers:
        if config.branch_both or config.branch_frozen:
            what = "branch_both" if config.branch_both else "branch_frozen"
            raise ConfigurationError(f"train.{what} needs a branch", "set branch_layers, or leave it out")
        if before:
            raise ConfigurationError(
                f"the base has a branch of {before.layers} layers, and train.branch_layers is 0", f"set branch_layers = {before.layers}"
            )
        return None
    if base is None:
        raise ConfigurationError("train.branch_layers needs a checkpoint as base, not a bare encoder", "train one without it first")
    if before and before.layers != config.branch_layers:
        raise ConfigurationError(
            f"the base has a branch of {before.layers} layers, not {config.branch_layers}", f"set branch_layers = {before.layers}"
        )
    if config.lora or config.base_share or config.blend:
        raise ConfigurationError("train.branch_layers leaves the encoder as it is; lora, base_share and blend change it", "leave out one")
    names = {task.name for task in tasks}
    if base.mixture and not config.mixture and set(base.mixture.heads) <= names:
        raise ConfigurationError("the base has a mixture of heads, and train.mixture is empty", "name it, or leave out its heads")
    kept = {task.name for task in tasks if task in base.tasks and not (before and task.name in before.tasks)}
    own = frozenset(task.name for task in tasks) - kept
    if not kept or not own:
        problem = "none of the base's heads" if not kept else "no new heads"
        raise ConfigurationError(f"train.branch_layers: the recipe names {problem}", "name heads of the base and new ones, or leave it out")
    if config.branch_both_rest == "teacher" and not config.teachers:
        raise ConfigurationError("train.branch_both_rest names a teacher, and there is none", "name one in train.teachers")
    if config.branch_frozen and not before:
        raise ConfigurationError("train.branch_frozen needs a base with a branch", "leave it out, or train the branch first")
    both = frozenset(config.branch_both)
    if unknown := sorted(both - kept):
        known = ", ".join(sorted(kept))
        raise ConfigurationError(f"train.branch_both names {', '.join(unknown)}", f"the base's heads in the recipe are {known}")
    if before and not both >= before.both:
        raise ConfigurationError(f"{', '.join(sorted(before.both - both))} reads the base's branch too", "name it in train.branch_both")
    return BranchConfig(config.branch_layers, own, both)


def mix_with(other: MultiTaskNetwork, network: MultiTaskNetwork, share: float) -> None:
    """Make the heads of `network` that read both a mean of what they learnt, with weight `share`, and of those of `other`, in place.

    Both are linear in what they read, so the answer's logits are the mean of both answers' logits (WiSE-FT, Wortsman et al. 2022); where
    `other` reads a branch too, it is one that has changed since.
    """
    assert network.config.branch is not None
    start = MultiTaskNetwork(other.encoder, network.config)
    start.take_heads(other)
    with torch.no_grad():
        for name in sorted(network.config.branch.both):
            for learnt, first in zip(network.heads[name].parameters(), start.heads[name].parameters(), strict=True):
                learnt.lerp_(first.to(learnt.device), 1 - share)


def require_same_encoder(other: MultiTaskNetwork, network: MultiTaskNetwork) -> None:
    """Raise ConfigurationError if the teacher `other`, whose heads are to be mixed with those of `network`, has another encoder."""
    theirs, own = other.encoder.state_dict(), network.encoder.state_dict()
    # tokens of signs may have been put behind the others since
    if theirs.keys() != own.keys() or not all(torch.equal(values, own[name][: len(values)].cpu()) for name, values in theirs.items()):
        raise ConfigurationError(
            f"train.branch_both_rest: {other.config.name} has another encoder than the base", "name a teacher of the same encoder first"
        )


def learning_tasks(network: MultiTaskNetwork, kept: Collection[str] = ()) -> tuple[TaskSpec, ...]:
    """Return the tasks that read the branch of `network`, after freezing all else.

    Args:
        network: has a branch.
        kept: heads that stay as they are, and with them the branch.
    """
    branch = network.config.branch
    assert branch is not None
    learning = tuple(task for task in network.config.tasks if task.name in branch.tasks | branch.both and task.name not in kept)
    network.encoder.requires_grad_(False)
    network.pool.requires_grad_(False)
    if kept:
        assert network.branch is not None
        network.branch.requires_grad_(False)
        if network.case is not None:
            network.case.requires_grad_(False)
    for task in network.config.tasks:
        network.heads[task.name].requires_grad_(task in learning)
    return learning
