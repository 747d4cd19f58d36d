"""The folder of a run: the best checkpoint, history and curves, and the state from which it can be resumed."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from squall.core.errors import ConfigurationError
from squall.model.checkpoint import CONFIG_FILE, TOKENIZER_FILE, NetworkConfig, is_checkpoint
from squall.model.network import MultiTaskNetwork
from squall.model.outputs import is_known
from squall.model.training.artifacts.model_card import model_card
from squall.model.training.config import TrainConfig
from squall.model.training.encoding import Encoded
from squall.model.training.losses import Objective
from squall.model.training.techniques.weight_averaging import WeightAverage

METRICS_FILE = "metrics.json"
CARD_FILE = "MODEL_CARD.md"
HISTORY_FILE = "history.json"
CURVES_FILE = "curves.png"
STATE_FILE = "last.pt"
PRETRAINED_FILE = "pretrained.json"
"""Describes, beside an encoder that `squall model pretrain` made, how it was made."""
_MAY_CHANGE = frozenset({"epochs", "patience", "threads"})
"""Settings that a resumed run may have changed."""


@dataclass
class StageState:
    """Everything that changes during a stage."""

    network: MultiTaskNetwork
    objective: Objective
    optimizer: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LambdaLR
    average: WeightAverage | None
    rng: random.Random

    def state(self) -> dict[str, Any]:
        """Return everything needed to continue as if the run had not been stopped."""
        return {
            "network": self.network.state_dict(),
            "objective": self.objective.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "average": self.average and {"steps": self.average.steps, "average": self.average.average},
            "rng": self.rng.getstate(),
            "torch_rng": torch.get_rng_state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Put back what `state` returned; nothing happens for an empty one."""
        if not state:
            return
        self.network.load_state_dict(state["network"])
        self.objective.load_state_dict(state["objective"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        if self.average:
            self.average.steps, self.average.average = state["average"]["steps"], state["average"]["average"]
        version, numbers, gauss = state["rng"]
        self.rng.setstate((version, tuple(numbers), gauss))
        torch.set_rng_state(state["torch_rng"])


def save_state(folder: Path, config: TrainConfig, state: dict[str, Any]) -> None:
    """Write the state to resume from; a crash while writing leaves the one before."""
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{STATE_FILE}.new"
    torch.save({**state, "config": config.model_dump(mode="json")}, new)
    new.replace(folder / STATE_FILE)


def load_state(folder: Path, config: TrainConfig) -> dict[str, Any]:
    """Read the state that `save_state` wrote.

    Raises:
        ConfigurationError: there is none, it is broken, or the run had other settings.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        raise ConfigurationError(f"nothing to resume in {folder}: {STATE_FILE} is missing", "leave out --resume to start the run")
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        raise ConfigurationError(f"{path} can't be read: {error}", "leave out --resume to start again") from error
    before, now = state.pop("config"), config.model_dump(mode="json")
    if changed := [key for key in now if key not in _MAY_CHANGE and before.get(key) != now[key]]:
        changes = ", ".join(f"{key} was {before.get(key)!r}, is {now[key]!r}" for key in changed)
        raise ConfigurationError(f"the run in {folder} had other settings: {changes}", "resume with those, or choose another --out")
    return state


def save_history(folder: Path, history: list[dict[str, Any]]) -> None:
    """Write the history as JSON and as curves."""
    from squall.model.evaluation.plots import curves_png

    folder.mkdir(parents=True, exist_ok=True)
    (folder / HISTORY_FILE).write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
    curves_png(folder / CURVES_FILE, history)


def save_best(
    folder: Path, network: MultiTaskNetwork, base: Path, config: TrainConfig, best: dict[str, Any], train: Encoded, dev: Encoded
) -> None:
    """Write checkpoint, tokenizer, metrics and card into `folder/best`."""
    out = folder / "best"
    network.save(out, (base / TOKENIZER_FILE).read_text(encoding="utf-8"))
    settings = base / "tokenizer_config.json"
    if settings.is_file():
        (out / settings.name).write_text(settings.read_text(encoding="utf-8"), encoding="utf-8")
    body = {
        "base": base_name(base),
        **best,
        "rows": {"train": _counts(train), "dev": _counts(dev)},
        "config": _portable(config),
        "provenance": _provenance(base, config),
        "versions": {"torch": torch.__version__},
    }
    (out / METRICS_FILE).write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    (out / CARD_FILE).write_text(model_card(body, network.config.tasks), encoding="utf-8")


def base_name(base: Path) -> str:
    """Return what to call the encoder in folder `base`: its package's name where it lies in one, or the checkpoint's and its own base's."""
    if is_checkpoint(base):
        name = NetworkConfig.from_json((base / CONFIG_FILE).read_text(encoding="utf-8")).name
        return f"checkpoint {name}, from {_metrics(base).get('base', 'unknown')}"
    return base.parent.name if base.name == "model" else base.name


def _portable(config: TrainConfig) -> dict[str, Any]:
    """The settings without paths of the machine they were used on."""
    return {**config.model_dump(mode="json"), "teachers": [folder_name(path) for path in config.teachers]}


def _provenance(base: Path, config: TrainConfig) -> list[str]:
    """Return sentences about what the network learned from beside the labels: pre-training and teachers."""
    lines = []
    if (base / PRETRAINED_FILE).is_file():
        body = json.loads((base / PRETRAINED_FILE).read_text(encoding="utf-8"))
        lines.append(
            f"Base: {body['base']}, then masked language modelling on {body['rows']:,} texts, {body['epochs']} epoch(s): "
            f"loss on held-out texts {body['dev_loss'][0]:.2f} before, {body['dev_loss'][-1]:.2f} after."
        )
    for folder in config.teachers[:1] if config.branch_both_rest == "teacher" and config.branch_both else ():
        lines.append(f"Heads of {', '.join(config.branch_both)}: share {1 - config.branch_both_share:g} of those of {folder_name(folder)}.")
    for folder in config.teachers if not config.branch_frozen else ():
        body = _metrics(folder)
        scores = ", ".join(f"{name} accuracy {found['accuracy']:.4f}" for name, found in body.get("tasks", {}).items())
        lines.append(f"Teacher {folder_name(folder)}: base {body.get('base', 'unknown')}; on its dev split {scores or 'not measured'}.")
    return lines


def _metrics(folder: Path) -> dict[str, Any]:
    path = folder / METRICS_FILE
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else {}


def folder_name(path: Path) -> str:
    """Return what to call a checkpoint's folder: its run's name."""
    return path.parent.name if path.name == "best" else path.name


def _counts(rows: Encoded) -> dict[str, Any]:
    by_source = {source: rows.sources.count(source) for source in sorted(set(rows.sources))}
    labelled = {name: int(is_known(values).sum()) for name, values in rows.labels.items()}
    labelled |= {name: sum(map(bool, tags)) for name, tags in rows.tags.items()}
    labelled |= {name: sum(map(bool, places)) for name, places in rows.places.items()}
    return {"total": len(rows), "labelled": labelled, "by_source": by_source}
