"""Small checkpoints, and a real backend that can be stopped, watched and made to fail as devices do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from squall.core.config.settings import ModelSettings
from squall.model.checkpoint import Checkpoint
from squall.model.network import MultiTaskNetwork
from squall.model.serving.backends.base import Backend, Logits
from squall.model.serving.backends.selection import open_backend
from squall.model.serving.engine import ScoringEngine
from squall.model.serving.failure_recovery import RecoveringExecutor
from squall.model.serving.served_model import ServedModel, open_on_cpu
from squall.model.tasks import DEFAULT_TASKS, TaskSpec

ENTITY = TaskSpec("entity", ("O", "B", "I"), "tokens")


def save_checkpoint(
    folder: Path, base: Path, *, seed: int = 11, tasks: Sequence[TaskSpec] = DEFAULT_TASKS, name: str = "tiny-1", case: bool = False
) -> Path:
    """Save an untrained network: wrong, but as sensitive to its input as a trained one."""
    torch.manual_seed(seed)
    network = MultiTaskNetwork.from_base(base, tasks, name=name, case=case)
    for head in network.heads.values():
        torch.nn.init.normal_(head.weight, std=1.0)
    network.save(folder, (base / "tokenizer.json").read_text())
    return folder


def tiny_settings(folder: Path, **changes: Any) -> ModelSettings:
    values = {"path": folder, "precision": "fp32", "device": "cpu", "backend": "eager", "batch_tokens": 256, "threads": 1}
    return ModelSettings.model_validate(values | changes)


class Tampered:
    """A backend around a real one: `before` sees each batch first and may block or raise."""

    def __init__(self, inner: Backend, before: Callable[[Sequence[Sequence[int]]], None] = lambda rows: None) -> None:
        self.name = inner.name
        self.device = inner.device
        self.inner = inner
        self.before = before
        self.batches: list[list[int]] = []

    def logits(self, rows: Sequence[Sequence[int]]) -> Logits:
        self.batches.append([len(row) for row in rows])
        self.before(rows)
        return self.inner.logits(rows)

    def device_memory(self) -> int | None:
        return self.inner.device_memory()

    def free_memory(self) -> None:
        self.inner.free_memory()


def tampered_engine(
    settings: ModelSettings, before: Callable[[Sequence[Sequence[int]]], None] = lambda rows: None, *, cpu_behind: bool = False
) -> tuple[ScoringEngine, Tampered]:
    """Open an engine on a tampered backend; with `cpu_behind` a real CPU backend takes over when it fails, as behind a GPU."""
    model = ServedModel.open(settings)
    assert settings.path is not None
    folder = settings.path
    backend = Tampered(open_backend(settings.backend, Checkpoint.read(folder), settings), before)
    replacement = (lambda: open_on_cpu(Checkpoint.read(folder), folder, settings)) if cpu_behind else None
    model.execution = RecoveringExecutor(backend, settings.batch_tokens, replacement)
    return ScoringEngine(model, settings), backend


class Gate:
    """Holds the first batch until it is opened, so that calls can be lined up behind it."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, rows: Sequence[Sequence[int]]) -> None:
        self.reached.set()
        assert self.opened.wait(60)
