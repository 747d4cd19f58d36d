"""Opens sessions of ONNX Runtime."""

from __future__ import annotations

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
    options.log_severity_level = 3  # errors; it warns of constants that its own optimiser moves
    options.enable_mem_pattern = False  # it keeps a plan of the memory for every shape, and hardly two passes are alike
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the cores to the store
    try:
        return onnxruntime.InferenceSession(network, options, providers=[provider])
    except Exception as error:  # the library's own exceptions have no common class of their own
        raise ValueError(str(error)) from error
