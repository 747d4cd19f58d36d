"""Exports a checkpoint to ONNX, fp32 and int8, and checks that both score as the checkpoint does."""

from __future__ import annotations

import importlib
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from squall.core.config.settings import ModelSettings
from squall.core.errors import ConfigurationError, SquallError
from squall.model.checkpoint import CONFIG_FILE, TOKENIZER_FILE, Checkpoint, NetworkConfig
from squall.model.export.onnx_int8 import quantised
from squall.model.network import MultiTaskNetwork
from squall.model.outputs import probabilities
from squall.model.serving.backends.base import Backend, Logits
from squall.model.serving.backends.onnx.exported import FILES, open_files
from squall.model.serving.backends.torch_backend import open_eager
from squall.model.text_tokenizer import TextTokenizer

OPSET = 18
COPIED = (CONFIG_FILE, TOKENIZER_FILE, "tokenizer_config.json", "metrics.json", "MODEL_CARD.md")
"""Files copied beside the networks, where the checkpoint has them."""
TOLERANCE = 1e-4
"""Most that an fp32 probability may differ."""
LEAST_AGREEMENT = 0.99
"""Share of texts that int8 should give the same labels."""
_BATCH = 32

ReportProgress = Callable[[str], None]


@dataclass(frozen=True)
class Agreement:
    """How an exported network's scores compare with the checkpoint's in torch, fp32.

    Args:
        precision: fp32 or int8.
        path: the exported file.
        bytes: its size.
        texts: how many were compared.
        largest_difference: of any probability of any task.
        same_labels: share of texts (of tokens, for tokens and spans tasks) that get the same label, in the worst task.
    """

    precision: str
    path: str
    bytes: int
    texts: int
    largest_difference: float
    same_labels: float


def export_onnx(folder: Path, out: Path, texts: Sequence[str], progress: ReportProgress) -> list[Agreement]:
    """Write the checkpoint of `folder` into `out` as `model.onnx` (fp32) and `model.int8.onnx`, and compare their scores.

    Inputs of both are `input_ids` and `attention_mask`, int64 of shape (rows, tokens), both dynamic; outputs are logits,
    one per task and named as it. Tokenizer, configuration, metrics and card are copied beside them.

    Args:
        folder: a checkpoint.
        out: made if missing; files in it are replaced.
        texts: compared; at least one.
        progress: receives a line per step.

    Raises:
        ConfigurationError: no checkpoint, no texts, the extra `onnx` is missing, or the encoder can't be exported.
        SquallError: the exported fp32 network does not score as the checkpoint does.
    """
    _require_exporter()
    if not texts:
        raise ConfigurationError("there are no texts to compare scores on", "give a file with one text per line")
    checkpoint = Checkpoint.read(folder)
    out.mkdir(parents=True, exist_ok=True)
    progress("1/3 fp32: tracing the network")
    model = _traced(MultiTaskNetwork.of(checkpoint))
    onnx.save(model, out / FILES["fp32"])
    progress("2/3 int8: a scale per output channel and per token")
    onnx.save(quantised(model), out / FILES["int8"])
    for name in COPIED:
        if (folder / name).is_file():
            shutil.copyfile(folder / name, out / name)
    progress(f"3/3 comparing the scores of {len(texts)} texts")
    return _checked(checkpoint, out, texts)


class _Positional(nn.Module):
    """The network with its outputs in a tuple, as the exporter names them."""

    def __init__(self, network: MultiTaskNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network(input_ids, attention_mask).values())


def _traced(network: MultiTaskNetwork) -> Any:
    """Return the network as an `onnx.ModelProto`."""
    network.encoder.set_attn_implementation("eager")  # type: ignore[operator]  # plain products and softmax, which every runtime knows
    input_ids = torch.ones((3, 11), dtype=torch.long)  # neither 0 nor 1 nor a power of two: sizes the tracer takes as any
    mask = torch.ones_like(input_ids)
    mask[0, 7:] = 0
    sizes = {0: "rows", 1: "tokens"}
    try:
        with _quiet(), torch.inference_mode():
            program = torch.onnx.export(
                _Positional(network).eval(),
                (input_ids, mask),
                dynamo=True,
                opset_version=OPSET,
                input_names=["input_ids", "attention_mask"],
                output_names=[task.name for task in network.config.tasks],
                dynamic_shapes=(sizes, sizes),
                verbose=False,
            )
    except torch.onnx.errors.OnnxExporterError as error:
        first = str(error).strip().splitlines()[0]
        raise ConfigurationError(f"this encoder can't be exported to ONNX: {first}", "use it with torch") from error
    assert program is not None
    model: Any = program.model_proto
    del model.graph.value_info[:]  # the exporter's own guesses at inner shapes contradict what onnx infers for shared constants
    return model


def _checked(checkpoint: Checkpoint, out: Path, texts: Sequence[str]) -> list[Agreement]:
    config = checkpoint.config
    limit = min(config.max_tokens, int(config.encoder.get("max_position_embeddings", config.max_tokens)))
    rows = sorted(TextTokenizer(out / TOKENIZER_FILE, limit, config.case_vocabulary).ids(texts), key=len)
    cpu = ModelSettings(device="cpu", precision="fp32")
    expected = _scores(open_eager(checkpoint, cpu), rows, config)
    found = []
    for precision, name in FILES.items():
        backend = open_files(out, cpu.model_copy(update={"precision": precision}))
        found.append(_compared(precision, out / name, len(texts), _scores(backend, rows, config), expected))
    exact = found[0]
    if exact.largest_difference > TOLERANCE:
        raise SquallError(
            f"{exact.path} does not score as the checkpoint does: a probability differs by {exact.largest_difference:.2g}",
            f"at most {TOLERANCE:g} is allowed; don't use it",
        )
    return found


def _scores(backend: Backend, rows: Sequence[Sequence[int]], config: NetworkConfig) -> list[Logits]:
    """Answers as probabilities, batch by batch; of tokens and spans tasks those of real tokens, one after another."""
    found, mixture = [], config.mixture
    for start in range(0, len(rows), _BATCH):
        part = rows[start : start + _BATCH]
        logits = backend.logits(part)
        real = np.arange(max(map(len, part))) < np.array([len(row) for row in part])[:, None]
        kept = {task: logits[task.name] if task.kind == "text" else logits[task.name][real] for task in config.answered}
        answers = {task.name: probabilities(task, values) for task, values in kept.items()}
        found.append(answers | ({mixture.task: mixture.mixed(logits)} if mixture else {}))
    return found


def _compared(precision: str, path: Path, texts: int, found: Sequence[Logits], expected: Sequence[Logits]) -> Agreement:
    largest, agreements = 0.0, []
    for task in expected[0]:
        ours = np.concatenate([part[task] for part in found])
        theirs = np.concatenate([part[task] for part in expected])
        largest = max(largest, float(np.abs(ours - theirs).max()))
        agreements.append(float((ours.argmax(-1) == theirs.argmax(-1)).mean()))
    return Agreement(precision, str(path), path.stat().st_size, texts, largest, min(agreements))


def _require_exporter() -> None:
    try:  # checked first: an export takes a minute
        importlib.import_module("onnxscript")
    except ImportError:
        raise ConfigurationError("export needs onnxscript, which is not installed", "pip install 'squall[export]'") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporter, which logs each of its steps and warns of absent torchvision: nothing a user could act on."""
    logs = [logging.getLogger(name) for name in ("torch.onnx", "onnx_ir", "onnxscript")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
