"""A checkpoint ready to score: tokenizer, labels, the network on a backend, and the model version of its scores."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import xxhash

from squall.core.config.settings import ModelSettings
from squall.core.errors import ConfigurationError
from squall.core.observability.process_memory import give_back_memory
from squall.model import preprocess
from squall.model.checkpoint import CONFIG_FILE, SHIPPED, TOKENIZER_FILE, WEIGHTS_FILE, Checkpoint, NetworkConfig
from squall.model.excerpt import choice
from squall.model.excerpt.word_weights import digest as words_digest
from squall.model.excerpt.word_weights import shipped_weights
from squall.model.serving.backends.base import Backend
from squall.model.serving.backends.onnx.calibration_texts import CALIBRATION_TEXTS
from squall.model.serving.backends.selection import open_backend, open_exported
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
        exported: the folder holds exported networks and no checkpoint.
    """

    def __init__(
        self,
        folder: Path,
        config: NetworkConfig,
        execution: RecoveringExecutor,
        max_tokens: int,
        needed: Sequence[TaskSpec] = DEFAULT_TASKS,
        *,
        exported: bool = False,
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
        self.version = _version(folder, config.name, execution.backend.name, max_tokens, exported=exported)

    @classmethod
    def open(cls, settings: ModelSettings, needed: Sequence[TaskSpec] = DEFAULT_TASKS) -> ServedModel:
        """Load the checkpoint in `settings.path`, or the shipped one; `needed` as above.

        Raises:
            ConfigurationError: the folder is no checkpoint, lacks a head, or the device, precision or backend can't be had.
        """
        folder = settings.path or SHIPPED
        exported = settings.backend in ("auto", "onnx") and not (folder / WEIGHTS_FILE).is_file() and any(folder.glob("*.onnx"))
        checkpoint = None if exported else Checkpoint.read(folder)
        config = _exported_config(folder) if checkpoint is None else checkpoint.config
        backend = open_exported(folder, settings) if checkpoint is None else open_backend(settings.backend, checkpoint, settings)
        # a failed GPU returns nothing, and the folder may hold another checkpoint by then: what was read stays at hand
        replacement = partial(open_on_cpu, checkpoint, folder, settings) if backend.device == "cuda" else None
        execution = RecoveringExecutor(backend, batch_token_limit(settings, backend.device), replacement)
        limit = int(config.encoder.get("max_position_embeddings", settings.max_tokens))
        del checkpoint
        give_back_memory()
        return cls(folder, config, execution, min(settings.max_tokens, limit), needed, exported=exported)

    @property
    def budget(self) -> int:
        """Most padded tokens in a batch."""
        return self.execution.budget

    def warm_up(self) -> None:
        """Run short and long rows, so that the first real batch isn't the slow one; not while another thread runs the execution."""
        rows = sorted(self.tokenizer.ids(_SAMPLES), key=len)
        for _piece in self.execution.run(rows):
            pass


def open_on_cpu(checkpoint: Checkpoint | None, folder: Path, settings: ModelSettings) -> Backend:
    """Open what scores when the GPU fails, in fp32, whose answers are nearest to a GPU's; no checkpoint: what was exported to `folder`."""
    on_cpu = settings.model_copy(update={"device": "cpu", "precision": "fp32"})
    return open_exported(folder, on_cpu) if checkpoint is None else open_backend("auto", checkpoint, on_cpu)


def _exported_config(folder: Path) -> NetworkConfig:
    try:
        return NetworkConfig.from_json((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"{folder} is not an exported model: {CONFIG_FILE}: {error}", "write one with `squall model export --onnx`"
        ) from error


def _version(folder: Path, name: str, backend: str, max_tokens: int, *, exported: bool) -> str:
    """Return the model version: a name and a hash of everything that changes a score, not only of the weights."""
    digest: Any = xxhash.xxh3_64()
    weights = sorted(folder.glob("*.onnx*")) if exported else [folder / WEIGHTS_FILE]
    for path in (*weights, folder / CONFIG_FILE, folder / TOKENIZER_FILE):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    if backend == "onnx-int8" and not exported:
        digest.update("\n".join(CALIBRATION_TEXTS).encode())  # they set the scales
    digest.update(f"{backend}/{max_tokens}/{preprocess.VERSION}/{choice.VERSION}".encode())
    digest.update(words_digest(shipped_weights()))  # they choose what is read of a long text
    return f"{name}-{digest.hexdigest()[:8]}"
