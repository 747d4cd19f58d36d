"""Finalises a run's best checkpoint: blends heads, calibrates probabilities, measures again and saves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from squall.model.data.examples import Example
from squall.model.network import MultiTaskNetwork
from squall.model.training.encoding import Encoded
from squall.model.training.techniques.branching import mix_with
from squall.model.training.techniques.head_blending import blend_heads, relabelled
from squall.model.training.techniques.head_mixture import set_favour
from squall.model.training.techniques.temperature_scaling import fit_temperature, fold_temperature
from squall.model.training.trainer import Trainer
from squall.model.training.validation import labelled_logits, measure_mixed


def finalise(trainer: Trainer, best: dict[str, Any], train: Sequence[Example], dev: Sequence[Example]) -> dict[str, Any]:
    """Blend or mix and calibrate the checkpoint in `best/` as the run's settings ask, save it in its place; returns its metrics.

    Adds `calibration`: per text and spans task `temperature`, and `nll` (and `ece`, where there is one label)
    before and after, on the dev split.
    """
    config = trainer.config
    blend = config.blend
    network = MultiTaskNetwork.load(trainer.folder / "best")
    if config.branch_both and config.branch_both_share < 1:
        rest = trainer.base if config.branch_both_rest == "base" else config.teachers[0]
        mix_with(MultiTaskNetwork.load(rest), network, config.branch_both_share)
        trainer.log.message(f"{', '.join(config.branch_both)}: share {config.branch_both_share:g} of what was learnt")
    if blend:
        network = blend_heads(network, blend)
        train, dev = relabelled(train, blend.into, blend.other), relabelled(dev, blend.into, blend.other)
        trainer.log.message(f"blended {blend.other} into {blend.into}, share {blend.share:g}")
    trainer.adopt(network)
    held_out = trainer.encode(dev)
    found = {**best, **trainer.evaluate(held_out)}
    if trainer.config.calibrate:
        found["calibration"] = _calibrated(trainer, held_out, found)
        found |= trainer.evaluate(held_out)
        for name, entry in found["calibration"].items():
            entry["after"] = _calibration_of(found, name)
            before, after = entry["before"]["nll"], entry["after"]["nll"]
            trainer.log.message(f"{name}: temperature {entry['temperature']:.3f}, NLL {before:.4f} before, {after:.4f} after")
    mixture = network.config.mixture
    if mixture and config.mixture:
        set_favour(trainer.network, config.mixture.favour)
        rows = trainer.encode(relabelled(dev, mixture.task, mixture.other))
        found |= measure_mixed(mixture, trainer.tasks, rows, trainer.logits(rows))
    answered = {task.name for task in trainer.learning} | ({mixture.task} if mixture else set())
    found["mean_macro_f1"] = float(np.mean([scores["macro_f1"] for name, scores in found["tasks"].items() if name in answered]))
    trainer.save(found, trainer.encode(train), held_out)
    return found


def _calibrated(trainer: Trainer, dev: Encoded, found: dict[str, Any]) -> dict[str, Any]:
    """Fold a temperature into each text and spans head."""
    logits = trainer.logits(dev)
    result = {}
    for task in trainer.learning:
        if task.kind == "tokens":
            continue
        temperature = fit_temperature(*labelled_logits(task, dev, logits, dev.carrying(task)), task.output)
        fold_temperature(trainer.network, task.name, temperature)
        result[task.name] = {"temperature": temperature, "before": _calibration_of(found, task.name)}
    return result


def _calibration_of(found: dict[str, Any], name: str) -> dict[str, float]:
    return {key: found["tasks"][name][key] for key in ("ece", "nll") if key in found["tasks"][name]}
