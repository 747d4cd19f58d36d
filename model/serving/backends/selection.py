"""Opens the backend that the settings name, or for `auto` the fastest that this machine and checkpoint support.

A backend is a factory in `BACKENDS`; modules are imported when chosen, so that a missing extra matters only then.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from squall.core.config.settings import ModelSettings
from squall.core.errors import ConfigurationError
from squall.model.checkpoint import Checkpoint
from squall.model.serving.backends.base import Backend, UnsupportedError, device_of

Factory = Callable[[Checkpoint, ModelSettings], Backend]


def open_backend(name: str, checkpoint: Checkpoint, settings: ModelSettings) -> Backend:
    """Open the backend called `name`, or for `auto` the first of the device's that supports the checkpoint.

    Raises:
        ConfigurationError: no such backend; the device, the precision or a package it needs can't be had.
        UnsupportedError: the backend can't run this checkpoint or machine.
    """
    if name != "auto":
        if name not in BACKENDS:
            raise ConfigurationError(f"{name!r} is not a backend", f"allowed are auto, {', '.join(BACKENDS)}")
        return _open(name, checkpoint, settings)
    *candidates, last = ("cuda_graphs", "eager") if device_of(settings) == "cuda" else ("onnx", "eager")
    for candidate in candidates:
        with suppress(UnsupportedError):
            return _open(candidate, checkpoint, settings)
    return _open(last, checkpoint, settings)


def open_exported(folder: Path, settings: ModelSettings) -> Backend:
    """Open the network that `squall model export` wrote into `folder`; raises as `open_backend` does."""
    from squall.model.serving.backends.onnx.exported import open_files

    return open_files(folder, settings)


def _open(name: str, checkpoint: Checkpoint, settings: ModelSettings) -> Backend:
    try:
        return BACKENDS[name](checkpoint, settings)
    except ImportError as error:
        raise UnsupportedError(
            f"the {name} backend needs a package: {error}", "pip install 'squall[torch]', or set SQUALL_MODEL__BACKEND=auto"
        ) from error


def _eager(checkpoint: Checkpoint, settings: ModelSettings) -> Backend:
    from squall.model.serving.backends.torch_backend import open_eager

    return open_eager(checkpoint, settings)


def _compile(checkpoint: Checkpoint, settings: ModelSettings) -> Backend:
    from squall.model.serving.backends.torch_backend import open_compiled

    return open_compiled(checkpoint, settings)


def _cuda_graphs(checkpoint: Checkpoint, settings: ModelSettings) -> Backend:
    from squall.model.serving.backends.cuda_graphs import open_cuda_graphs

    return open_cuda_graphs(checkpoint, settings)


def _onnx(checkpoint: Checkpoint, settings: ModelSettings) -> Backend:
    from squall.model.serving.backends.onnx.backend import open_onnx

    return open_onnx(checkpoint, settings)


BACKENDS: dict[str, Factory] = {"onnx": _onnx, "eager": _eager, "compile": _compile, "cuda_graphs": _cuda_graphs}
