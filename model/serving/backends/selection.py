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
from squall.model.network import MultiTaskNetwork
from squall.model.serving.backends.base import Backend, UnsupportedError, device_of

Factory = Callable[[MultiTaskNetwork | None, Path, ModelSettings], Backend]
"""From the network (None where the backend reads the folder itself), its folder and the settings; it may change the network in place."""


def open_backend(name: str, network: MultiTaskNetwork | None, folder: Path, settings: ModelSettings) -> Backend:
    """Open the backend called `name`, or for `auto` the first of the device's that supports the checkpoint.

    Raises:
        ConfigurationError: no such backend; the device, the precision or a package it needs can't be had.
        UnsupportedError: the backend can't run this checkpoint or machine.
    """
    if name != "auto":
        if name not in BACKENDS:
            raise ConfigurationError(f"{name!r} is not a backend", f"allowed are auto, {', '.join(BACKENDS)}")
        return _open(name, network, folder, settings)
    *candidates, last = ("cuda_graphs", "eager") if device_of(settings).type == "cuda" else ("ragged", "eager")
    for candidate in candidates:
        with suppress(UnsupportedError):
            return _open(candidate, network, folder, settings)
    return _open(last, network, folder, settings)


def _open(name: str, network: MultiTaskNetwork | None, folder: Path, settings: ModelSettings) -> Backend:
    try:
        return BACKENDS[name](network, folder, settings)
    except ImportError as error:
        raise UnsupportedError(
            f"the {name} backend needs a package: {error}", "pip install 'squall[onnx]', or set another backend"
        ) from error


def _eager(network: MultiTaskNetwork | None, folder: Path, settings: ModelSettings) -> Backend:
    from squall.model.serving.backends.torch_backend import open_eager

    return open_eager(_loaded(network, folder), settings)


def _compile(network: MultiTaskNetwork | None, folder: Path, settings: ModelSettings) -> Backend:
    from squall.model.serving.backends.torch_backend import open_compiled

    return open_compiled(_loaded(network, folder), settings)


def _cuda_graphs(network: MultiTaskNetwork | None, folder: Path, settings: ModelSettings) -> Backend:
    from squall.model.serving.backends.cuda_graphs import open_cuda_graphs

    return open_cuda_graphs(_loaded(network, folder), settings)


def _ragged(network: MultiTaskNetwork | None, folder: Path, settings: ModelSettings) -> Backend:
    from squall.model.serving.backends.ragged.backend import open_ragged

    stored = Checkpoint.read(folder) if network is None else Checkpoint(network.config, network.state_dict())
    return open_ragged(stored, folder, settings)


def _onnx(_network: MultiTaskNetwork | None, folder: Path, settings: ModelSettings) -> Backend:
    from squall.model.serving.backends.onnx_backend import open_onnx

    return open_onnx(folder, settings)


BACKENDS: dict[str, Factory] = {
    "eager": _eager,
    "ragged": _ragged,
    "compile": _compile,
    "cuda_graphs": _cuda_graphs,
    "onnx": _onnx,
}


def _loaded(network: MultiTaskNetwork | None, folder: Path) -> MultiTaskNetwork:
    return MultiTaskNetwork.load(folder) if network is None else network
