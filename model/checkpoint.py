"""A checkpoint's folder: its configuration and its weights as they are stored, without building the network.

Backends that lay out weights themselves start here: building the network takes `transformers`, which takes seconds and 200 MB to import.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray

from squall.core.errors import ConfigurationError
from squall.model.mixture import Mixture
from squall.model.tasks import TaskSpec

FORMAT = 4
"""Of `config.json`; 1 had no outputs of tasks and no case, 2 no branch, 3 no mixture."""
READABLE = (1, 2, 3, FORMAT)
CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"
TOKENIZER_FILE = "tokenizer.json"
POOLINGS = ("mean", "cls", "attention")
"""How the vectors of a text's tokens become the vector of the text: their mean, the first of them, or a learnt mean."""
SHIPPED = Path(__file__).resolve().parent / "weights"
"""Folder of the checkpoint that comes with the package."""


@dataclass(frozen=True)
class BranchConfig:
    """Which heads read a branch, and how deep it is.

    Args:
        layers: how many of the encoder's last layers it has copies of.
        tasks: names of the heads that read it alone.
        both: names of the heads that read the vectors of the encoder and of the branch beside each other; all others read the encoder.

    Raises:
        ConfigurationError: no layers, or a head in both sets.
    """

    layers: int
    tasks: frozenset[str]
    both: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.layers < 1:
            raise ConfigurationError(f"a branch of {self.layers} layers", "give it one or more")
        if twice := sorted(self.tasks & self.both):
            raise ConfigurationError(f"{', '.join(twice)} reads the branch alone, and the encoder too", "leave it in one of the two")

    def reads(self, task: str) -> tuple[int, ...]:
        """Return what the head of `task` reads, beside each other: 0 is the encoder's vector, 1 the branch's."""
        if task in self.both:
            return (0, 1)
        return (1,) if task in self.tasks else (0,)

    def to_json(self) -> dict[str, Any]:
        """Return what a checkpoint's configuration says of it."""
        return {"layers": self.layers, "tasks": sorted(self.tasks), "both": sorted(self.both)}

    @classmethod
    def from_json(cls, body: Mapping[str, Any] | None) -> BranchConfig | None:
        """Return what `body` says; None for None. Raises KeyError, TypeError, ValueError or ConfigurationError for another form."""
        if body is None:
            return None
        return cls(int(body["layers"]), frozenset(map(str, body["tasks"])), frozenset(map(str, body.get("both", ()))))


@dataclass(frozen=True)
class NetworkConfig:
    """All that is needed to build the network before its weights are read.

    Args:
        encoder: the Hugging Face configuration as a dict, with `model_type`.
        tasks: one head each, in this order.
        dropout: on the pooled vector, in training.
        max_tokens: length the network was trained with.
        name: first part of the model version.
        pooling: how token vectors become the text's: see `POOLINGS`.
        case: whether token ids carry the case of their words, see `squall.model.case`. With a branch, only the branch reads it.
        branch: the layers that some heads have to themselves.
        languages: codes of the languages of the texts that it was trained on, or `*` for any.
        mixture: the heads that answer one question together.

    Raises:
        ConfigurationError: the mixture is none of these heads.
    """

    encoder: Mapping[str, Any]
    tasks: tuple[TaskSpec, ...]
    dropout: float = 0.1
    max_tokens: int = 64
    name: str = "squall-mt"
    pooling: str = "mean"
    case: bool = False
    branch: BranchConfig | None = None
    languages: tuple[str, ...] = ("en",)
    mixture: Mixture | None = None

    def __post_init__(self) -> None:
        if self.mixture:
            self.mixture.check(self.tasks)

    @property
    def case_vocabulary(self) -> int | None:
        """Number of token ids where they carry the case of their words, else None."""
        return int(self.encoder["vocab_size"]) if self.case else None

    @property
    def answered(self) -> tuple[TaskSpec, ...]:
        """The heads that answer by themselves; a mixture has two that do not."""
        return self.mixture.answered(self.tasks) if self.mixture else self.tasks

    def to_json(self) -> str:
        """Return the text of `config.json`."""
        body = {
            "format": FORMAT,
            "name": self.name,
            "pooling": self.pooling,
            "dropout": self.dropout,
            "max_tokens": self.max_tokens,
            "case": self.case,
            "branch": self.branch.to_json() if self.branch else None,
            "languages": list(self.languages),
            "mixture": self.mixture.model_dump() if self.mixture else None,
            "tasks": [task.to_json() for task in self.tasks],
            "encoder": dict(self.encoder),
        }
        return json.dumps(body, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> NetworkConfig:
        """Parse `config.json`; raises KeyError, TypeError or ValueError when it was not written by `to_json`."""
        body = json.loads(text)
        if body.get("format") not in READABLE or body.get("pooling") not in POOLINGS:
            formats, known = ", ".join(map(str, READABLE)), ", ".join(POOLINGS)
            raise ValueError(
                f"format {body.get('format')!r}, pooling {body.get('pooling')!r}; this version reads format {formats}, {known}"
            )
        tasks = tuple(TaskSpec.from_json(task) for task in body["tasks"])
        numbers = float(body["dropout"]), int(body["max_tokens"])
        branch = BranchConfig.from_json(body.get("branch"))
        languages = body.get("languages", ["en"])
        if not isinstance(languages, list) or not languages or not all(isinstance(code, str) for code in languages):
            raise ValueError(f'languages {languages!r} is no list of codes such as ["en"]')
        mixture = Mixture.model_validate(body["mixture"]) if body.get("mixture") else None
        case = bool(body.get("case", False))
        return cls(body["encoder"], tasks, *numbers, body["name"], body["pooling"], case, branch, tuple(languages), mixture)


@dataclass(frozen=True)
class Checkpoint:
    """The configuration and weights of a network.

    Args:
        folder: where it was read.
        config: what the network is.
        state: its weights by the names of `MultiTaskNetwork.state_dict`, in fp16.
    """

    folder: Path
    config: NetworkConfig
    state: Mapping[str, NDArray[Any]]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a folder written by `MultiTaskNetwork.save`; what becomes of its files afterwards changes nothing.

        Raises:
            ConfigurationError: a file is missing, or was not written by `save`.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        config = read_config(folder)
        try:
            return cls(folder, config, load_file(folder / WEIGHTS_FILE))
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise unreadable(folder, error) from error


def read_config(folder: Path) -> NetworkConfig:
    """Read the configuration of a folder that `MultiTaskNetwork.save` wrote.

    Raises:
        ConfigurationError: a file is missing, or was not written by `save`.
    """
    for name in (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE):
        if not (folder / name).is_file():
            raise ConfigurationError(f"{folder} is not a model folder: {name} is missing", "train one with `squall model train`")
    try:
        return NetworkConfig.from_json((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise unreadable(folder, error) from error


def unreadable(folder: Path, error: Exception) -> ConfigurationError:
    """Return what says that the checkpoint in `folder` does not fit this version."""
    return ConfigurationError(f"{folder} can't be loaded: {error}", "train it again with this version of Squall")


def is_checkpoint(base: Path | str) -> bool:
    """Return whether `base` is a folder that `MultiTaskNetwork.save` wrote, rather than a plain encoder."""
    try:
        body = json.loads((Path(base) / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(body, dict) and "tasks" in body and "encoder" in body
