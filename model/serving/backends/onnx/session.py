"""Opens and runs sessions of ONNX Runtime, whose exceptions have no common class of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnxruntime


def open_session(network: bytes | str, threads: int, provider: str = "CPUExecutionProvider") -> Any:
    """Return an `onnxruntime.InferenceSession` over a serialised graph, or the file of that name.

    Raises:
        ValueError: ONNX Runtime can't read or run the graph.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what goes wrong is raised, and told by who deals with it
    options.enable_mem_pattern = False  # it keeps a plan of the memory for every shape, and hardly two passes are alike
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the cores to the store
    try:
        return onnxruntime.InferenceSession(network, options, providers=[provider])
    except Exception as error:  # see above
        raise ValueError(str(error)) from error


def run_session(session: Any, outputs: Sequence[str], inputs: Mapping[str, Any]) -> list[Any]:
    """Return the `outputs` of a pass.

    Raises:
        RuntimeError: the pass failed, with what ONNX Runtime says; torch raises the same, and who calls can tell one text's fault from
            the memory's by it.
    """
    try:
        found: list[Any] = session.run(outputs, inputs)
    except MemoryError:
        raise
    except Exception as error:
        raise RuntimeError(str(error)) from error
    return found
