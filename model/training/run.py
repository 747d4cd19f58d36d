"""One training run from its recipe to its checkpoint: read and split the data, train, finalise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from squall.core.errors import ConfigurationError
from squall.model.checkpoint import read_config
from squall.model.data.class_coverage import require_classes
from squall.model.data.examples import Example
from squall.model.data.mentions.gazetteer import company_names
from squall.model.data.mentions.rewriting import marked, recased, renamed
from squall.model.tasks import TaskSpec
from squall.model.training.artifacts.held_out import save_held_out
from squall.model.training.artifacts.run_log import RunLog
from squall.model.training.base_encoder import base_folder
from squall.model.training.config import TrainConfig
from squall.model.training.finalisation import finalise
from squall.model.training.recipe import Recipe
from squall.model.training.techniques.distillation import score_with_teachers, with_own_labels
from squall.model.training.techniques.signs import with_signs
from squall.model.training.trainer import Trainer


def run(recipe: Recipe, log: RunLog, *, resume: bool = False) -> dict[str, Any]:
    """Train as `recipe` says; the best checkpoint is in `recipe.out / "best"`, what was held out beside it. Returns its metrics."""
    config = recipe.train
    train, dev = recipe.split()
    log.message(f"{len(train) + len(dev)} texts: {len(train)} to train on, {len(dev)} held out")
    for warning in require_classes(train, dev, recipe.tasks, allow_missing=config.allow_missing_classes):
        log.message(warning)
    save_held_out(recipe.out, dev, recipe.tasks)
    written = recipe.written_rows()
    if written:
        log.message(f"{len(written)} sentences from templates to train on")
    train = _rewritten(train, written, recipe)
    base = base_folder(recipe.base)
    trainer = Trainer(with_signs(base, recipe.out / "base") if config.signs else base, recipe.tasks, config, recipe.out, log)
    heads_alone = config.branch_both_rest == "teacher" and not _taught(config, trainer.learning)
    if heads_alone:
        if recipe.unlabelled:
            raise ConfigurationError("[[unlabelled]] texts need a teacher of a head that learns", "leave them out, or name one")
        log.message("no teacher has a head that learns: the first gives its heads alone")
    if config.teachers and not heads_alone:
        train += recipe.divided(recipe.unlabelled_rows(train + dev))[0]
        teachers = score_with_teachers(train, recipe.tasks, config, recipe.out / "soft", log)
        fitted = replace(
            trainer.encode(train), soft=with_own_labels(teachers.soft, train, recipe.tasks, config.own_labels), vectors=teachers.vectors
        )
    else:
        fitted = trainer.encode(train)
    best = trainer.fit(fitted, trainer.encode(dev), resume=resume)
    finish = config.blend or config.mixture or config.calibrate or config.branch_both_share < 1
    return finalise(trainer, best, train, dev) if finish else best


def _taught(config: TrainConfig, learning: Sequence[TaskSpec]) -> bool:
    """Whether a teacher has a head that learns: one may be named for what it gives a head that does not."""
    names = {task.name for folder in config.teachers for task in read_config(folder).answered}
    return any(task.name in names for task in learning)


def _rewritten(train: list[Example], written: list[Example], recipe: Recipe) -> list[Example]:
    """The training rows, copies of them with other names, and what was `written`; some of all with an agency's mark, or in another case."""
    config = recipe.train
    if config.renamed:
        if recipe.data is None:
            raise ConfigurationError(
                "train.renamed takes names from the table of companies, and no data folder is named", "give --data FOLDER"
            )
        names = company_names(recipe.data / "companies" / "companies.csv.gz")
        train = [*train, *renamed(train, names, config.renamed, config.seed)]
    return recased(marked([*train, *written], config.marked, config.seed), config.recased, config.seed)
