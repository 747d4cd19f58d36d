"""A checkpoint ready to score: tokenizer, labels, the network on a backend, and the model version of its scores."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
import xxhash

from squall.core.config.settings import ModelSettings
from squall.core.cpus import usable_cores
from squall.core.errors import ConfigurationError
from squall.model import preprocess
from squall.model.checkpoint import CONFIG_FILE, SHIPPED, TOKENIZER_FILE, WEIGHTS_FILE, NetworkConfig, read_config
from squall.model.excerpt import choice
from squall.model.excerpt.word_weights import digest as words_digest
from squall.model.excerpt.word_weights import shipped_weights
from squall.model.hardware import has_bf16
from squall.model.network import MultiTaskNetwork
from squall.model.serving.backends.base import Backend, device_of
from squall.model.serving.backends.ragged.calibration_texts import CALIBRATION_TEXTS
from squall.model.serving.backends.selection import open_backend
from squall.model.serving.batch_tokens import batch_token_limit
from squall.model.serving.failure_recovery import RecoveringExecutor
from squall.model.serving.reading import columns
from squall.model.tasks import DEFAULT_TASKS, TaskSpec
from squall.model.text_tokenizer import TextTokenizer

_SAMPLES = ("ok", "Shares of the bank fell after a profit warning", "Gold steadies as " * 8)


class ServedModel:
    """One version of the model; use `open`. `execution` belongs to whoever runs it, the rest may be used by many threads.

    Args:
        folder: the checkpoint.
        config: its configuration.
        execution: runs the network.
        max_tokens: of a longer text an excerpt of as many is read.
        needed: heads it must have, with these labels in any order.
    """

    def __init__(
        self,
        folder: Path,
        config: NetworkConfig,
        execution: RecoveringExecutor,
        max_tokens: int,
        needed: Sequence[TaskSpec] = DEFAULT_TASKS,
    ) -> None:
        self.heads = config.tasks
        self.tasks = config.answered
        self.mixture = config.mixture
        self.languages = config.languages
        self.max_tokens = max_tokens
        self.execution = execution
        for task in needed:
            columns(self.tasks, task)
        self.tokenizer = TextTokenizer(folder / TOKENIZER_FILE, max_tokens, config.case_vocabulary)
        self.version = _version(folder, config.name, execution.backend.name, max_tokens)

    @classmethod
    def open(cls, settings: ModelSettings, needed: Sequence[TaskSpec] = DEFAULT_TASKS) -> ServedModel:
        """Load the checkpoint in `settings.path`, or the shipped one; `needed` as above.

        Raises:
            ConfigurationError: the folder is no checkpoint, lacks a head, or the device, precision or backend can't be had.
        """
        folder = settings.path or SHIPPED
        exported = not (folder / WEIGHTS_FILE).is_file() and any(folder.glob("*.onnx"))
        kind = "onnx" if settings.backend == "auto" and exported else settings.backend
        config = _config(folder) if kind == "onnx" else read_config(folder)
        # a failed GPU returns nothing, and the folder may hold another checkpoint by then
        network = MultiTaskNetwork.load(folder) if device_of(settings).type == "cuda" and kind != "onnx" else None
        spare = copy.deepcopy(network)
        torch.set_num_threads(settings.threads or usable_cores())
        backend = open_backend(kind, network, folder, settings)
        place = backend.device.type
        replacement = partial(open_on_cpu, spare, folder, settings, kind) if place == "cuda" else None
        execution = RecoveringExecutor(backend, batch_token_limit(settings, place), replacement)
        limit = int(config.encoder.get("max_position_embeddings", settings.max_tokens))
        return cls(folder, config, execution, min(settings.max_tokens, limit), needed)

    @property
    def budget(self) -> int:
        """Most padded tokens in a batch."""
        return self.execution.budget

    def warm_up(self) -> None:
        """Run short and long rows, so that the first real batch isn't the slow one; not while another thread runs the execution."""
        rows = sorted(self.tokenizer.ids(_SAMPLES), key=len)
        for _piece in self.execution.run(rows):
            pass


def open_on_cpu(network: MultiTaskNetwork | None, folder: Path, settings: ModelSettings, kind: str = "auto") -> Backend:
    """Open what scores when the GPU fails: the same network on the CPU, in bf16 if possible, else in fp32 (int8 differs too much)."""
    bf16 = settings.precision in ("auto", "bf16") and has_bf16(torch.device("cpu"))
    on_cpu = settings.model_copy(update={"device": "cpu", "precision": "bf16" if bf16 and kind != "onnx" else "fp32"})
    return open_backend("onnx" if kind == "onnx" else "auto", network, folder, on_cpu)


def _config(folder: Path) -> NetworkConfig:
    try:
        return NetworkConfig.from_json((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{folder} is not an exported model: {CONFIG_FILE}: {error}", "write one with `squall model export --onnx`"
        ) from error


def _version(folder: Path, name: str, backend: str, max_tokens: int) -> str:
    """Return the model version: a name and a hash of everything that changes a score, not only of the weights."""
    digest: Any = xxhash.xxh3_64()
    weights = sorted(folder.glob("*.onnx*")) if backend.startswith("onnx") else [folder / WEIGHTS_FILE]
    for path in (*weights, folder / CONFIG_FILE, folder / TOKENIZER_FILE):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    if backend == "ragged-int8":
        digest.update("\n".join(CALIBRATION_TEXTS).encode())  # they set the scales
    digest.update(f"{backend}/{max_tokens}/{preprocess.VERSION}/{choice.VERSION}".encode())
    digest.update(words_digest(shipped_weights()))  # they choose what is read of a long text
    return f"{name}-{digest.hexdigest()[:8]}"
