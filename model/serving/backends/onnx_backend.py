"""Runs the network with ONNX Runtime, from a folder that `squall model export` wrote."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from squall.core.config.settings import ModelSettings
from squall.core.cpus import usable_cores
from squall.core.errors import ConfigurationError
from squall.model.hardware import has_vnni
from squall.model.serving.backends.base import Logits, UnsupportedError, device_of, joined, width_of
from squall.model.serving.backends.torch_backend import same_width
from squall.model.tokenizer import padded

FILES = {"fp32": "model.onnx", "int8": "model.int8.onnx"}
"""Precision → file in the exported folder."""


class OnnxBackend:
    """Rows of one padded width go through the session together, widths one after another.

    Args:
        name: kind and precision.
        device: where the session runs.
        session: an `onnxruntime.InferenceSession` with the inputs `input_ids` and `attention_mask`, an output per task.
    """

    def __init__(self, name: str, device: torch.device, session: Any) -> None:
        self.name = name
        self.device = device
        self._session = session
        self._tasks = [output.name for output in session.get_outputs()]

    def logits(self, rows: Sequence[Sequence[int]]) -> Logits:
        """Return float32 logits per task, see `Backend`."""
        passes = [self._run(rows[start:stop], width) for start, stop, width in same_width(rows)]
        longest = max(map(len, rows))
        return {task: joined([found[number] for found in passes], longest) for number, task in enumerate(self._tasks)}

    def padded_tokens(self, lengths: Sequence[int]) -> int:
        """Return how many tokens rows of these lengths are padded to."""
        return sum(map(width_of, lengths))

    def _run(self, rows: Sequence[Sequence[int]], width: int) -> list[Any]:
        input_ids, mask = padded(rows, width)
        found: list[Any] = self._session.run(self._tasks, {"input_ids": input_ids, "attention_mask": mask})
        return found


def open_onnx(folder: Path, settings: ModelSettings) -> OnnxBackend:
    """Open the exported network in `folder`; `auto` precision is int8 where the processor has it, else fp32.

    Raises:
        UnsupportedError: ONNX Runtime is not installed, the folder has no exported network, or the device or precision
            can't be had in ONNX Runtime.
    """
    device = _device(settings)
    precision = settings.precision
    if precision == "auto":
        precision = "int8" if device.type == "cpu" and has_vnni() else "fp32"
    if precision not in FILES:
        raise UnsupportedError(f"the onnx backend has no {precision}", "set SQUALL_MODEL__PRECISION to fp32, int8 or auto")
    return OnnxBackend(f"onnx-{precision}", device, open_session(folder / FILES[precision], settings.threads, device))


def open_session(path: Path, threads: int, device: torch.device) -> Any:
    """Return an `onnxruntime.InferenceSession` over `path`.

    Raises:
        UnsupportedError: ONNX Runtime is not installed, or there is no such file.
        ConfigurationError: the file can't be read.
    """
    runtime = _runtime()
    if not path.is_file():
        raise UnsupportedError(f"{path.parent} has no {path.name}", f"write one: squall model export --onnx {path.parent}")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads or usable_cores()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the cores to the store
    provider = "CUDAExecutionProvider" if device.type == "cuda" else "CPUExecutionProvider"
    try:
        return runtime.InferenceSession(str(path), options, providers=[provider])
    except Exception as error:  # the library's own exceptions have no common class of their own
        raise ConfigurationError(f"{path} can't be read: {error}", "export it again with `squall model export`") from error


def _device(settings: ModelSettings) -> torch.device:
    device = device_of(settings)
    if device.type != "cuda" or "CUDAExecutionProvider" in _runtime().get_available_providers():
        return device
    if settings.device == "cuda":
        raise UnsupportedError("this ONNX Runtime can't use the GPU", "install onnxruntime-gpu, or set SQUALL_MODEL__DEVICE=cpu")
    return torch.device("cpu")


def _runtime() -> Any:
    try:
        return importlib.import_module("onnxruntime")
    except ImportError:
        raise UnsupportedError("the onnx backend needs ONNX Runtime, which is not installed", "pip install 'squall[onnx]'") from None
