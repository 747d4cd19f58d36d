"""Runs the graph of a checkpoint with ONNX Runtime, a batch split between cores: what `auto` takes on a CPU."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from typing import Any

import numpy as np

from squall.core.config.settings import ModelSettings
from squall.core.cpus import usable_cores
from squall.model.checkpoint import TOKENIZER_FILE, Checkpoint, unreadable
from squall.model.hardware import has_vnni
from squall.model.serving.backends.base import Device, Logits, UnsupportedError, joined
from squall.model.serving.backends.onnx.calibration_texts import CALIBRATION_TEXTS
from squall.model.serving.backends.onnx.graph import PARTS, graph_of, observed_name
from squall.model.serving.backends.onnx.groups import Group, groups_of
from squall.model.serving.backends.onnx.int8 import Int8Layer, Range, Ranges, quantised
from squall.model.serving.backends.onnx.layers import WORDS, layer_names, layers_of
from squall.model.serving.backends.onnx.session import open_session, run_session
from squall.model.text_tokenizer import TextTokenizer
from squall.model.tokenizer import padded

_LEAST_PART = 128
"""Tokens below which a second core costs more than it saves."""


class OnnxBackend:
    """Splits a batch into parts of like size, one per core; each core runs its part alone, which beats sharing every small operation.

    Args:
        precision: fp32 or int8; for the name.
        session: over the graph of `graph_of`, on one thread.
        threads: cores to use.
    """

    device: Device = "cpu"

    def __init__(self, precision: str, session: Any, threads: int) -> None:
        self.name = f"onnx-{precision}"
        self._session = session
        self._tasks = [output.name for output in session.get_outputs()]
        self._threads = threads
        self._workers = ThreadPoolExecutor(threads, "squall-onnx")

    def logits(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Return float32 logits per task, see `Backend`."""
        lengths = list(map(len, rows))
        parts = list(self._workers.map(lambda cut: self._part(rows[cut[0] : cut[1]], lengths[cut[0] : cut[1]]), self._cuts(lengths)))
        passes = [found for part in parts for found in part]
        return {task: joined([found[number] for found in passes], lengths[-1]) for number, task in enumerate(self._tasks)}

    def padded_tokens(self, lengths: Sequence[int]) -> int:
        """Return how many tokens rows of these lengths, sorted, are padded to."""
        return sum(
            (group.stop - group.start) * group.width for start, stop in self._cuts(lengths) for group in groups_of(lengths[start:stop])
        )

    def device_memory(self) -> None:
        """Return None: there is no GPU."""

    def free_memory(self) -> None:
        """Do nothing: the session keeps nothing for later passes."""

    def _cuts(self, lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Yield (start, stop) of the parts of a batch."""
        ends = list(accumulate(lengths))
        parts = max(1, min(self._threads, ends[-1] // _LEAST_PART))
        start = 0
        for part in range(1, parts + 1):
            stop = len(lengths) if part == parts else bisect_left(ends, ends[-1] * part / parts) + 1
            if stop > start:
                yield start, stop
                start = stop

    def _part(self, rows: Sequence[Sequence[int]], lengths: Sequence[int]) -> list[list[Any]]:
        return [self._run(rows[group.start : group.stop], group) for group in groups_of(lengths)]

    def _run(self, rows: Sequence[Sequence[int]], group: Group) -> list[Any]:
        return run(self._session, self._tasks, rows, group.width)


def run(session: Any, outputs: Sequence[str], rows: Sequence[Sequence[int]], width: int) -> list[Any]:
    """Return `outputs` of a session over the graph of `graph_of`, of rows padded to `width`."""
    ids, real = padded(rows, width)
    return run_session(session, outputs, {"ids": ids, "lengths": real.sum(1).astype(np.int32)})


def open_onnx(checkpoint: Checkpoint, settings: ModelSettings) -> OnnxBackend:
    """Open the network of `checkpoint`; `auto` precision is int8 where the processor multiplies bytes natively, else fp32.

    Raises:
        ConfigurationError: the weights are not those that the configuration describes.
        UnsupportedError: not a BERT encoder, no CPU, or a precision that can't be had here.
    """
    precision = ("int8" if has_vnni() else "fp32") if settings.precision == "auto" else settings.precision
    _require(checkpoint, settings, precision)
    try:
        _require_weights(checkpoint)
        int8 = _int8_layers(checkpoint) if precision == "int8" else None
        session = open_session(graph_of(checkpoint, int8).SerializeToString(), 1)
    except (KeyError, ValueError) as error:
        raise unreadable(checkpoint.folder, error) from error
    return OnnxBackend(precision, session, settings.threads or usable_cores())


def _int8_layers(checkpoint: Checkpoint) -> list[Int8Layer]:
    """Return the linear layers in int8, their ranges those of the calibration texts."""
    config = checkpoint.config
    limit = int(config.encoder.get("max_position_embeddings", 512))
    tokenizer = TextTokenizer(checkpoint.folder / TOKENIZER_FILE, limit, config.case_vocabulary)
    rows = sorted(tokenizer.ids(CALIBRATION_TEXTS), key=len)
    session = open_session(graph_of(checkpoint, observed=True).SerializeToString(), usable_cores())
    names = [observed_name(part, number) for number in range(len(layer_names(config))) for part in PARTS]
    ranges: dict[str, Range] = {}
    for row in rows:  # alone, so that no padding counts
        for name, found in zip(names, run(session, names, [row], len(row)), strict=True):
            low, high = found.min((0, 1)), found.max((0, 1))
            before = ranges.get(name, Range(low, high))
            ranges[name] = Range(np.minimum(before.low, low), np.maximum(before.high, high))
    return [
        quantised(layer, Ranges(*(ranges[observed_name(part, number)] for part in PARTS)))
        for number, layer in enumerate(layers_of(checkpoint))
    ]


def _require_weights(checkpoint: Checkpoint) -> None:
    """Raise ValueError where there are more or fewer layers or words than the configuration says."""
    layers = sum(name.endswith(".intermediate.dense.weight") for name in checkpoint.state)
    words = len(checkpoint.state[WORDS])
    found, wanted = (layers, words), (len(layer_names(checkpoint.config)), int(checkpoint.config.encoder.get("vocab_size", words)))
    if found != wanted:
        raise ValueError(f"weights of {found[0]} layers and {found[1]} words; the configuration says {wanted[0]} and {wanted[1]}")


def _require(checkpoint: Checkpoint, settings: ModelSettings, precision: str) -> None:
    wanted = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute", "is_decoder": False}
    encoder = checkpoint.config.encoder
    odd = [f"{key} {encoder[key]}" for key, value in wanted.items() if encoder.get(key, value) != value]
    if settings.device == "cuda":
        odd.append("a GPU")
    if precision == "bf16":
        odd.append("bf16")
    if precision == "int8" and not has_vnni():
        odd.append("int8 on a CPU without VNNI")  # its sums of products may then be cut
    if odd:
        raise UnsupportedError(f"the onnx backend does not run {', '.join(odd)}", "set SQUALL_MODEL__BACKEND=auto or eager")
