"""One training run from its recipe to its checkpoint: read and split the data, train, finalise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from squall.model.data.class_coverage import require_classes
from squall.model.data.dev_split import split
from squall.model.training.artifacts.run_log import RunLog
from squall.model.training.base_encoder import base_folder
from squall.model.training.finalisation import finalise
from squall.model.training.recipe import Recipe
from squall.model.training.techniques.distillation import score_with_teachers
from squall.model.training.trainer import Trainer


def run(recipe: Recipe, log: RunLog, *, resume: bool = False) -> dict[str, Any]:
    """Train as `recipe` says; the best checkpoint is in `recipe.out / "best"`. Returns its metrics."""
    config = recipe.train
    train, dev = recipe.split()
    log.message(f"{len(train) + len(dev)} texts: {len(train)} to train on, {len(dev)} held out")
    for warning in require_classes(train, dev, recipe.tasks, allow_missing=config.allow_missing_classes):
        log.message(warning)
    trainer = Trainer(base_folder(recipe.base), recipe.tasks, config, recipe.out, log)
    if config.teachers:
        train += split(recipe.unlabelled_rows(train + dev), dev_share=config.dev_share, seed=config.split_seed)[0]
        teachers = score_with_teachers(train, recipe.tasks, config, recipe.out / "soft", log)
        fitted = replace(trainer.encode(train), soft=teachers.soft, vectors=teachers.vectors)
    else:
        fitted = trainer.encode(train)
    best = trainer.fit(fitted, trainer.encode(dev), resume=resume)
    return finalise(trainer, best, train, dev) if config.blend or config.calibrate else best
