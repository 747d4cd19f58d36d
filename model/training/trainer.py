"""The training loop, over examples that carry any subset of the labels."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from squall.core.cpus import usable_cores
from squall.core.errors import ConfigurationError
from squall.model.checkpoint import TOKENIZER_FILE, is_checkpoint
from squall.model.data.examples import Example
from squall.model.hardware import has_bf16
from squall.model.network import MultiTaskNetwork
from squall.model.tasks import TaskSpec
from squall.model.text_tokenizer import TextTokenizer
from squall.model.training.artifacts import run_folder
from squall.model.training.artifacts.run_log import RunLog
from squall.model.training.batching import batches
from squall.model.training.config import TrainConfig
from squall.model.training.early_stopping import EarlyStopping
from squall.model.training.encoding import Encoded, encode
from squall.model.training.losses import Objective, balanced_weights
from squall.model.training.lr_schedule import warmup_decay
from squall.model.training.optimizer import parameter_groups
from squall.model.training.techniques.branching import learning_tasks, planned_branch, require_same_encoder
from squall.model.training.techniques.head_mixture import set_favour
from squall.model.training.techniques.lora import add_adapters, merged
from squall.model.training.techniques.weight_averaging import BaseMix, WeightAverage
from squall.model.training.validation import measure, predictions, summary


class Trainer:
    """One training run.

    Args:
        base: folder (or hub name) of the encoder, or of a checkpoint, whose heads are then kept; must contain `tokenizer.json`.
        tasks: heads to train.
        config: the run's settings.
        folder: of the run; `best/` in it always holds the best checkpoint so far, see `squall.model.training.artifacts.run_folder`.
        log: progress and curves.

    Raises:
        ConfigurationError: the base can't be read, or `config` names something that does not exist.
    """

    def __init__(self, base: Path, tasks: Sequence[TaskSpec], config: TrainConfig, folder: Path, log: RunLog) -> None:
        if unknown := sorted(set(config.loss_weights) - {task.name for task in tasks}):
            raise ConfigurationError(f"loss_weights names {', '.join(unknown)}", f"the tasks are {', '.join(t.name for t in tasks)}")
        seed_everything(config.seed)
        torch.set_num_threads(config.threads or min(torch.get_num_threads(), usable_cores()))
        self.base, self.tasks, self.config, self.folder, self.log = base, tuple(tasks), config, folder, log
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        before = MultiTaskNetwork.load(base) if is_checkpoint(base) else None
        case = config.case if config.case is not None else bool(before and before.config.case)
        made = partial(MultiTaskNetwork.from_base, dropout=config.dropout, max_tokens=config.max_tokens, pooling=config.pooling)
        branch = planned_branch(config, before.config if before else None, tasks)
        favour = before.config.mixture.favour if before and before.config.mixture else 1.0
        mixture = config.mixture.favouring(favour) if config.mixture else None
        if mixture:
            if config.blend and config.blend.other in mixture.heads:
                raise ConfigurationError(f"train.blend drops {config.blend.other}, which train.mixture needs", "leave out one of the two")
        elif before and before.config.mixture and before.config.mixture.task in {task.name for task in tasks}:
            log.message(f"the base answers {before.config.mixture.task} by a mixture of two heads; here one head answers alone")
        network = made(base, tasks, name=config.name, case=case, branch=branch, mixture=mixture)
        self.tokenizer = TextTokenizer(base / TOKENIZER_FILE, config.max_tokens, network.config.case_vocabulary)
        if branch and config.branch_both_rest == "teacher":
            require_same_encoder(MultiTaskNetwork.load(config.teachers[0]), network)
        kept = _take_heads(network, before, base, log) if before else []
        if config.base_share:
            _check_base_share(base, before, [task.name for task in tasks if task.name not in kept], config)
        if config.lora:
            network.encoder = add_adapters(network.encoder, config.lora)
        self.network = network.to(self.device)
        self.learning = learning_tasks(self.network, kept if config.branch_frozen else ()) if branch else self.tasks
        """The heads that the run trains."""
        if mixture and mixture.gate in {task.name for task in self.learning}:
            set_favour(self.network, 1.0)  # a gate learns what is so; what it favours is put in at the end
        if not self.learning:
            raise ConfigurationError("train.branch_frozen: the recipe names no head that the base lacks", "name new heads, or leave it out")
        self.mix = BaseMix(self.network, config.base_share) if config.base_share else None
        self.autocast = config.precision == "bf16" or (config.precision == "auto" and has_bf16(self.device))
        self.history: list[dict[str, Any]] = []

    def fit(self, train: Encoded, dev: Encoded, *, resume: bool = False) -> dict[str, Any]:
        """Train, save the best epoch by mean dev score in `best/`, and return its metrics.

        Args:
            train: examples to learn from.
            dev: held-out examples, for measuring and for early stopping.
            resume: continue after the last finished epoch of the run in `folder`.

        Raises:
            ConfigurationError: a task has no label to learn or to measure, or there is nothing to resume.
        """
        self._check_labels(train, dev)
        state = run_folder.load_state(self.folder, self.config) if resume else {}
        best: dict[str, Any] = state.get("best", {})
        self.history = state.get("history", [])
        stages = [self.learning] if self.config.strategy == "joint" else [(task,) for task in self.learning]
        for number in range(state.get("stage", 0), len(stages)):
            best = self._stage(number, stages[number], train, dev, state)
            state = {}
        return best

    def evaluate(self, rows: Encoded) -> dict[str, Any]:
        """Return metrics per task, and per task and source, on `rows`."""
        return measure(self.tasks, rows, self.logits(rows))

    def logits(self, rows: Encoded) -> dict[str, list[np.ndarray[Any, np.dtype[np.float32]]]]:
        """Return the network's logits per task and row: (labels,) for a text task, (tokens, labels) for the others."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            return predictions(self.network, rows, self.device)

    def encode(self, rows: Sequence[Example]) -> Encoded:
        """Return `rows` as this run's network reads them."""
        return encode(rows, self.tokenizer, self.tasks)

    def adopt(self, network: MultiTaskNetwork) -> None:
        """Continue with `network` and its heads."""
        self.network, self.tasks = network.to(self.device), network.config.tasks

    def plain_network(self) -> MultiTaskNetwork:
        """Return the network to save, with adapters, if any, folded in."""
        if not self.config.lora:
            return self.network
        plain = MultiTaskNetwork(merged(self.network.encoder), self.network.config)
        plain.take_heads(self.network)
        return plain

    def save(self, best: dict[str, Any], train: Encoded, dev: Encoded) -> None:
        """Write the checkpoint, its metrics and its card into `best/`."""
        run_folder.save_best(self.folder, self.plain_network(), self.base, self.config, best, train, dev)

    def _stage(self, number: int, tasks: Sequence[TaskSpec], train: Encoded, dev: Encoded, state: dict[str, Any]) -> dict[str, Any]:
        """Train the heads of `tasks` together; returns the best metrics of this stage."""
        config = self.config
        rows = sorted(set(chain.from_iterable(train.carrying(task) for task in tasks)) | _with_soft_labels(train, tasks))
        widths = None if train.vectors is None else (self.network.pool.width, train.vectors.shape[1])
        objective = Objective(tasks, config, self._class_weights(train, tasks), widths).to(self.device)
        optimizer = self._optimizer(objective)
        steps = math.ceil(len(rows) / config.batch_rows) * config.epochs
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, warmup_decay(steps, config.warmup_share))
        average = WeightAverage(self.network, config.ema_decay) if config.ema_decay else None
        rng = random.Random(config.seed + number)  # noqa: S311 - an order, not a secret
        parts = run_folder.StageState(self.network, objective, optimizer, schedule, average, rng)
        parts.load(state)
        blended = config.blend.other if config.blend else None  # this head is dropped at the end
        best: dict[str, Any] = state.get("best", {})
        stopping = EarlyStopping(config.patience, best.get("mean_macro_f1"), state.get("stale", 0))
        started = time.monotonic()
        self.log.step = state.get("step", self.log.step)
        for epoch in range(state.get("epoch", 0) + 1, config.epochs + 1):
            plan = [[rows[i] for i in part] for part in batches([len(train.ids[i]) for i in rows], config.batch_rows, rng)]
            loss = self._epoch(train, plan, objective, parts, f"{_label(number, tasks, config)}epoch {epoch}/{config.epochs}")
            scores = self._measure(dev, average)
            mean = float(np.mean([scores["tasks"][task.name]["macro_f1"] for task in tasks if task.name != blended]))
            self._record_epoch(number, epoch, loss, scores, objective, time.monotonic() - started)
            if stopping.improved(mean) or config.keep == "last":
                best = {"mean_macro_f1": mean, "epoch": epoch, **scores}
                self._with_saved_weights(average, partial(self.save, best, train, dev))
            position = {
                "stage": number,
                "epoch": epoch,
                "best": best,
                "stale": stopping.stale_epochs,
                "step": self.log.step,
                "history": self.history,
            }
            run_folder.save_state(self.folder, config, {**position, **parts.state()})
            if stopping.should_stop:
                self.log.message(f"stopped: no better dev score for {stopping.stale_epochs} epochs")
                break
        return best

    def _epoch(self, train: Encoded, plan: list[list[int]], objective: Objective, parts: run_folder.StageState, label: str) -> float:
        self.network.train()
        if self.config.branch_frozen:  # what the heads learn from is what they will read; their own dropout stays
            self.network.eval()
            self.network.dropout.train()
        total = 0.0
        with self.log.progress(label, len(plan)) as advance:
            for rows in plan:
                loss = self._loss(train, rows, objective)
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
                parts.optimizer.step()
                parts.schedule.step()
                parts.optimizer.zero_grad()
                if parts.average:
                    parts.average.update(self.network)
                total += loss.item()
                advance(loss.item())
        return total / max(1, len(plan))

    def _loss(self, train: Encoded, rows: list[int], objective: Objective) -> Tensor:
        ids, mask = train.inputs(rows, self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            vectors = self.network.vectors(ids, mask)
            logits = self.network.logits(vectors)
            again = self.network(ids, mask) if self.config.r_drop else None
        loss: Tensor = objective(logits, train.targets(rows, self.tasks, self.device), again, vectors.texts)
        return loss

    def _measure(self, dev: Encoded, average: WeightAverage | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        self._with_saved_weights(average, lambda: found.update(self.evaluate(dev)))
        return found

    def _with_saved_weights(self, average: WeightAverage | None, work: Callable[[], object]) -> None:
        """Do `work` with the weights that are measured and saved: those of the moving average, mixed with the base's."""
        if average:
            average.swap(self.network)
        with self.mix.mixed(self.network) if self.mix else nullcontext():
            work()
        if average:
            average.swap(self.network)

    def _record_epoch(self, stage: int, epoch: int, loss: float, scores: dict[str, Any], objective: Objective, seconds: float) -> None:
        summaries = "; ".join(f"{name} {summary(found)}" for name, found in scores["tasks"].items())
        self.log.message(f"epoch {epoch}: loss {loss:.4f}; dev {summaries}; {seconds:.0f} s")
        dev = {name: {k: v for k, v in found.items() if isinstance(v, float)} for name, found in scores["tasks"].items()}
        entry = {"stage": stage, "epoch": epoch, "step": self.log.step, "loss": loss, "loss_weights": objective.weights(), "dev": dev}
        self.history.append(entry)
        self.log.scalar("train/epoch_loss", loss)
        for name, values in dev.items():
            for key, value in values.items():
                self.log.scalar(f"dev/{name}/{key}", value)
        run_folder.save_history(self.folder, self.history)

    def _optimizer(self, objective: Objective) -> torch.optim.Optimizer:
        named = chain(self.network.named_parameters(), objective.named_parameters())
        groups = parameter_groups(
            named,
            rate=self.config.learning_rate,
            decay=self.config.weight_decay,
            head_rate=self.config.head_learning_rate,
            layer_decay=self.config.layer_decay,
        )
        return torch.optim.AdamW(groups, fused=True)

    def _class_weights(self, train: Encoded, tasks: Sequence[TaskSpec]) -> dict[str, Tensor]:
        power = self.config.class_balance
        counted = [t for t in tasks if t.output == "softmax"] if power else []
        return {t.name: balanced_weights(train.flat(t), len(t.labels), power).to(self.device) for t in counted}

    def _check_labels(self, train: Encoded, dev: Encoded) -> None:
        for task in self.learning:
            for part, rows in (("training", train), ("dev", dev)):
                if not rows.carrying(task):
                    raise ConfigurationError(f"no {part} row carries a {task.name} label", "add rows, or leave the task out")


def _take_heads(network: MultiTaskNetwork, before: MultiTaskNetwork, base: Path, log: RunLog) -> list[str]:
    """Return the names of the heads that `network` has from `before`, the checkpoint in `base`."""
    kept = network.take_heads(before)
    log.message(f"continues from checkpoint {base}; heads kept: {', '.join(kept) or 'none'}")
    return kept


def _check_base_share(base: Path, before: MultiTaskNetwork | None, lacking: Sequence[str], config: TrainConfig) -> None:
    """Refuse `base_share` where the base's weights can't be mixed in: different heads or pooling, or adapters."""
    if lacking:
        raise ConfigurationError(
            f"base_share mixes in the base's weights, and {base} has no head {', '.join(lacking)} with these labels",
            "leave out base_share, or give a base checkpoint that has all heads",
        )
    if before and before.config.pooling != config.pooling:
        raise ConfigurationError(
            f'base_share mixes in {base}, which was trained with pooling = "{before.config.pooling}", not "{config.pooling}"',
            f'set pooling = "{before.config.pooling}", or leave out base_share',
        )
    if config.lora:
        raise ConfigurationError("base_share mixes weights, and lora trains adapters instead of them", "leave out one of the two")


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def _with_soft_labels(train: Encoded, tasks: Sequence[TaskSpec]) -> set[int]:
    return set(range(len(train))) if any(task.name in train.soft for task in tasks) else set()


def _label(number: int, tasks: Sequence[TaskSpec], config: TrainConfig) -> str:
    return f"task {number + 1} ({tasks[0].name}), " if config.strategy == "serial" else ""
