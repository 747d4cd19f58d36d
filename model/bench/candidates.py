"""The candidates of the benchmark: transformers pipelines as a user would write them, and the engine with every backend and precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from squall.core.config.settings import ModelSettings
from squall.core.cpus import usable_cores
from squall.core.errors import ConfigurationError, SquallError
from squall.model.bench.timing import Candidate, Score
from squall.model.checkpoint import CONFIG_FILE, SHIPPED, TOKENIZER_FILE, WEIGHTS_FILE, NetworkConfig
from squall.model.serving.backends.base import device_of
from squall.model.serving.engine import ScoringEngine
from squall.model.tasks import DEFAULT_TASKS

BATCHES = (1, 8, 32, 64, 128)
EXPORTED = "exported"
"""Stands for the onnx backend over what `squall model export` writes."""
PRECISIONS = {
    "onnx": ("fp32", "int8"),
    "eager": ("fp32", "bf16", "int8"),
    "compile": ("fp32", "bf16"),
    "cuda_graphs": ("fp32", "bf16"),
    EXPORTED: ("fp32", "int8"),
}


def pipelines(folder: Path, settings: ModelSettings, size: str, batches: Sequence[int]) -> Iterator[Candidate]:
    """Yield two text-classification pipelines, one per task, fp32, at each batch size.

    Args:
        folder: whose tokenizer and, for the small ones, shape is taken; weights are random, which changes no speed.
        settings: device and threads.
        size: `base` (BERT-base, 110 M parameters) or `small` (the shape of Squall's encoder).
        batches: batch sizes.
    """
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, pipeline
    from transformers.utils import logging

    logging.set_verbosity_error()
    config = NetworkConfig.from_json((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    shape = {"vocab_size": config.encoder["vocab_size"]}  # the tokenizer has signs that BERT's lacks
    if size == "small":
        shape = {key: value for key, value in config.encoder.items() if key != "model_type"}
    if size == "small" and config.encoder["model_type"] != "bert":
        raise ConfigurationError("the benchmark compares with BERT-shaped pipelines", "give it a checkpoint with a BERT encoder")
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep")}
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(folder / TOKENIZER_FILE), **special)
    device = device_of(settings)
    made = [
        pipeline(
            "text-classification",
            model=BertForSequenceClassification(BertConfig(**shape, num_labels=len(task.labels))).eval(),
            tokenizer=tokenizer,
            device=device,
        )
        for task in config.tasks
        if task.name in {default.name for default in DEFAULT_TASKS}
    ]
    threads = settings.threads or usable_cores()
    for batch in batches:
        yield Candidate(f"{size} pipelines, batch {batch}", f"{size}_pipelines", _piped(made, batch, settings, threads), batch)


def _piped(made: Sequence[Any], batch: int, settings: ModelSettings, threads: int) -> Score:
    def score(texts: Sequence[str]) -> object:
        torch.set_num_threads(threads)
        return [list(pipe(list(texts), batch_size=batch, truncation=True, max_length=settings.max_tokens)) for pipe in made]

    return score


def engines(
    folder: Path, settings: ModelSettings, exported: Path, backends: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, Callable[[], ScoringEngine]]]:
    """Yield (name, opener) of the engine in every backend and precision; an opener raises `SquallError` when this machine can't run it.

    Args:
        folder: the checkpoint.
        settings: device, threads and token limits.
        exported: folder for the checkpoint as ONNX, written when first needed.
        backends: precisions by backend, or `EXPORTED`.
    """
    for backend, precisions in backends.items():
        for precision in precisions:
            name = "onnx" if backend == EXPORTED else backend
            chosen = settings.model_copy(update={"path": folder, "backend": name, "precision": precision})
            yield f"{backend}-{precision}", _opener(chosen, folder, exported if backend == EXPORTED else None)


def _opener(settings: ModelSettings, folder: Path, exported: Path | None) -> Callable[[], ScoringEngine]:
    def open_engine() -> ScoringEngine:
        if exported is None:
            return ScoringEngine.open(settings)
        if not (exported / "model.onnx").is_file():
            from squall.model.export.onnx import export_onnx

            export_onnx(folder, exported, ["Shares of the bank fell after a profit warning"], lambda _: None)
        return ScoringEngine.open(settings.model_copy(update={"path": exported}))

    return open_engine


def checkpoint_folder(settings: ModelSettings) -> Path:
    """Return the checkpoint's folder.

    Raises:
        ConfigurationError: the folder holds no checkpoint.
    """
    folder = settings.path or SHIPPED
    if not (folder / WEIGHTS_FILE).is_file():
        raise ConfigurationError(f"{folder} is not a checkpoint: {WEIGHTS_FILE} is missing", "name a folder of `squall model train`")
    return folder


def open_all(
    openers: Iterator[tuple[str, Callable[[], ScoringEngine]]], step: Callable[[str], None]
) -> tuple[dict[str, ScoringEngine], dict[str, str]]:
    """Return the engines that open, by name, and why the others don't."""
    opened: dict[str, ScoringEngine] = {}
    skipped: dict[str, str] = {}
    for name, opener in openers:
        step(f"opening {name}")
        try:
            opened[name] = opener()
        except SquallError as error:
            skipped[name] = str(error)
    return opened, skipped
