"""The ragged backend, fast on a CPU: texts laid end to end without padding, packed weights, a batch split between cores."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from squall.core.config.settings import ModelSettings
from squall.core.cpus import usable_cores
from squall.model.checkpoint import TOKENIZER_FILE, Checkpoint, NetworkConfig, unreadable
from squall.model.hardware import has_bf16, has_vnni
from squall.model.network import heads_of
from squall.model.pooling import POOLINGS
from squall.model.serving.backends.base import Logits, UnsupportedError, device_of, joined, precision_of
from squall.model.serving.backends.ragged.calibration_texts import CALIBRATION_TEXTS
from squall.model.serving.backends.ragged.encoder import Layout, RaggedEncoder, WordVectors, computed_tokens, layers_of
from squall.model.serving.backends.ragged.int8_calibration import float_linears, int8_linears
from squall.model.tasks import TaskSpec
from squall.model.text_tokenizer import TextTokenizer

_LEAST_PART = 128
"""Tokens below which a second core costs more than it saves."""
M = TypeVar("M", bound=nn.Module)
_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


class _Read(NamedTuple):
    """What heads read: the texts' vectors, shape (rows, width), and of each group of rows the tokens', (rows, tokens, width)."""

    texts: Tensor
    tokens: list[Tensor]


class RaggedBackend:
    """Splits a batch into parts of like size, one per core; each core runs its part alone, which beats sharing every small operation.

    Args:
        precision: fp32, bf16 or int8; for the name.
        encoder: runs the rows.
        checkpoint: whose pooling and heads finish them, in fp32.
        threads: cores to use.
    """

    def __init__(self, precision: str, encoder: RaggedEncoder, checkpoint: Checkpoint, threads: int) -> None:
        self.name = f"ragged-{precision}"
        self.device = torch.device("cpu")
        self._encoder = encoder
        config = checkpoint.config
        width = len(checkpoint.state["encoder.embeddings.LayerNorm.bias"])
        self._tasks = config.tasks
        self._branch = config.branch
        self._pool = _filled(POOLINGS[config.pooling](width), checkpoint, "pool.")
        self._heads = _filled(heads_of(config, width), checkpoint, "heads.")
        self._threads = threads
        self._workers = single_threaded(threads)

    def logits(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Return float32 logits per task, see `Backend`."""
        parts = list(self._workers.map(self._part, [rows[start:stop] for start, stop in self._cuts(list(map(len, rows)))]))
        return {task.name: joined([part[task.name] for part in parts], max(map(len, rows))) for task in self._tasks}

    def padded_tokens(self, lengths: Sequence[int]) -> int:
        """Return how many tokens rows of these lengths cost: each part is rounded up a little."""
        return sum(computed_tokens(sum(lengths[start:stop])) for start, stop in self._cuts(lengths))

    def _cuts(self, lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
        ends = np.cumsum(lengths)
        parts = max(1, min(self._threads, int(ends[-1]) // _LEAST_PART))
        stops = [*(int(np.searchsorted(ends, ends[-1] * part / parts)) + 1 for part in range(1, parts)), len(lengths)]
        start = 0
        for stop in stops:
            if stop > start:
                yield start, stop
                start = stop

    def _part(self, rows: Sequence[Sequence[int]]) -> Logits:
        with torch.inference_mode():
            layout = Layout.of(rows)
            read = [self._read(layout, hidden) for hidden in self._encoder.hidden(layout) if hidden is not None]
            return {task.name: self._answer(task, read, max(map(len, rows))) for task in self._tasks}

    def _read(self, layout: Layout, hidden: Tensor) -> _Read:
        whole = [hidden[group.start : group.stop].view(-1, group.length, hidden.shape[1]) for group in layout.groups]
        # rows of one length need no mask
        return _Read(torch.cat([self._pool(group, group.new_ones(group.shape[:2])) for group in whole]), whole)

    def _answer(self, task: TaskSpec, read: Sequence[_Read], width: int) -> NDArray[np.float32]:
        """Return the logits of a task of `read`: of the encoder, then of the branch, if any."""
        head = self._heads[task.name]
        if task.kind != "text":
            return joined([head(self._read_by(task, groups)).numpy() for groups in zip(*(one.tokens for one in read), strict=True)], width)
        found: NDArray[np.float32] = head(self._read_by(task, [one.texts for one in read])).numpy()
        return found

    def _read_by(self, task: TaskSpec, vectors: Sequence[Tensor]) -> Tensor:
        return self._branch.read_by(task.name, *vectors) if self._branch else vectors[0]


def open_ragged(checkpoint: Checkpoint, folder: Path, settings: ModelSettings) -> RaggedBackend:
    """Return the network of `checkpoint`, which came from `folder`, as texts laid end to end.

    Raises:
        ConfigurationError: the device or the precision can't be had; the weights are not those that the configuration describes.
        UnsupportedError: not a BERT encoder, no CPU, or a CPU or torch without the products that it needs.
    """
    device = device_of(settings)
    precision = precision_of(settings, device)
    _require(checkpoint.config, device, precision)
    try:
        _require_weights(checkpoint)
        embeddings = WordVectors.of(checkpoint)
        if precision == "int8":
            linears = int8_linears(checkpoint, embeddings, _samples(checkpoint.config, folder))
        else:
            linears = float_linears(checkpoint, _DTYPES[precision])
        encoder = RaggedEncoder(checkpoint, embeddings, linears)
        return RaggedBackend(precision, encoder, checkpoint, settings.threads or usable_cores())
    except (KeyError, ValueError, RuntimeError) as error:
        raise unreadable(folder, error) from error


def single_threaded(workers: int) -> ThreadPoolExecutor:
    """Return a pool of threads in which torch's operations run on one core each; other threads keep their number."""
    before = torch.get_num_threads()
    ready = threading.Barrier(workers + 1)

    def start() -> None:
        torch.set_num_threads(1)  # counts for this thread and for those that begin later
        torch.get_num_threads()  # torch looks up the common number once per thread: now, while it is one
        ready.wait()

    pool = ThreadPoolExecutor(workers, "squall-ragged", initializer=start)
    for _ in range(workers):
        pool.submit(int)
    ready.wait()
    torch.set_num_threads(before)
    return pool


def _filled(module: M, checkpoint: Checkpoint, prefix: str) -> M:
    """Return `module` with its stored weights, in fp32."""
    module.load_state_dict({name.removeprefix(prefix): stored for name, stored in checkpoint.state.items() if name.startswith(prefix)})
    return module.eval()


def _require_weights(checkpoint: Checkpoint) -> None:
    """Raise ValueError where there are more or fewer layers or words than the configuration says."""
    layers = sum(name.endswith(".intermediate.dense.weight") for name in checkpoint.state)
    words = len(checkpoint.state["encoder.embeddings.word_embeddings.weight"])
    found, wanted = (layers, words), (len(layers_of(checkpoint)), int(checkpoint.config.encoder.get("vocab_size", words)))
    if found != wanted:
        raise ValueError(f"weights of {found[0]} layers and {found[1]} words; the configuration says {wanted[0]} and {wanted[1]}")


def _require(config: NetworkConfig, device: torch.device, precision: str) -> None:
    wanted = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute", "is_decoder": False}
    settings = config.encoder
    odd = [f"{key} {settings[key]}" for key, value in wanted.items() if settings.get(key, value) != value]
    if device.type != "cpu":
        odd.append(f"device {device.type}")
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        odd.append("a torch without oneDNN")
    if precision == "bf16" and not has_bf16(device):
        odd.append("bf16 on a CPU without it")
    if precision == "int8" and not has_vnni():
        odd.append("int8 on a CPU without VNNI")  # the kernel's sums then overflow
    if odd:
        raise UnsupportedError(f"the ragged backend does not run {', '.join(odd)}", "set SQUALL_MODEL__BACKEND=auto or eager")


def _samples(config: NetworkConfig, folder: Path) -> list[list[int]]:
    limit = int(config.encoder.get("max_position_embeddings", 512))
    tokenizer = TextTokenizer(folder / TOKENIZER_FILE, limit, config.case_vocabulary)
    return sorted(tokenizer.ids(CALIBRATION_TEXTS), key=len)
