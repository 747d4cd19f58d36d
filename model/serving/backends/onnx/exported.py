"""Runs the network with ONNX Runtime, from a folder that `squall model export` wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import onnxruntime

from squall.core.config.settings import ModelSettings
from squall.core.cpus import usable_cores
from squall.core.errors import ConfigurationError
from squall.model.hardware import has_vnni
from squall.model.serving.backends.base import Device, Logits, UnsupportedError, joined, same_width, width_of
from squall.model.serving.backends.onnx.session import open_session, run_session
from squall.model.tokenizer import padded

FILES = {"fp32": "model.onnx", "int8": "model.int8.onnx"}
"""Precision → file in the exported folder."""


class ExportedBackend:
    """Rows of one padded width go through the session together, widths one after another.

    Args:
        name: kind and precision.
        device: where the session runs.
        session: an `onnxruntime.InferenceSession` with the inputs `input_ids` and `attention_mask`, an output per task.
    """

    def __init__(self, name: str, device: Device, session: Any) -> None:
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

    def device_memory(self) -> None:
        """Return None: ONNX Runtime does not tell what it holds on a GPU."""

    def free_memory(self) -> None:
        """Do nothing: the session keeps nothing for later passes."""

    def _run(self, rows: Sequence[Sequence[int]], width: int) -> list[Any]:
        input_ids, mask = padded(rows, width)
        return run_session(self._session, self._tasks, {"input_ids": input_ids, "attention_mask": mask})


def open_files(folder: Path, settings: ModelSettings) -> ExportedBackend:
    """Open the exported network in `folder`; `auto` precision is int8 where the processor has it, else fp32.

    Raises:
        ConfigurationError: the file can't be read.
        UnsupportedError: the folder has no exported network, or the device or precision can't be had in ONNX Runtime.
    """
    device = _device(settings)
    precision = settings.precision
    if precision == "auto":
        precision = "int8" if device == "cpu" and has_vnni() else "fp32"
    if precision not in FILES:
        raise UnsupportedError(f"the onnx backend has no {precision}", "set SQUALL_MODEL__PRECISION to fp32, int8 or auto")
    path = folder / FILES[precision]
    if not path.is_file():
        raise UnsupportedError(f"{path.parent} has no {path.name}", f"write one: squall model export --onnx {path.parent}")
    provider = "CUDAExecutionProvider" if device == "cuda" else "CPUExecutionProvider"
    try:
        session = open_session(str(path), settings.threads or usable_cores(), provider)
    except ValueError as error:
        raise ConfigurationError(f"{path} can't be read: {error}", "export it again with `squall model export`") from error
    return ExportedBackend(f"onnx-{precision}", device, session)


def _device(settings: ModelSettings) -> Device:
    if settings.device != "cpu" and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        return "cuda"
    if settings.device == "cuda":
        raise UnsupportedError("this ONNX Runtime can't use the GPU", "install onnxruntime-gpu, or set SQUALL_MODEL__DEVICE=cpu")
    return "cpu"
