"""Writes an ONNX graph node by node."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper, numpy_helper

_OPSET = 18
_IR_VERSION = 10
FUSED: Final = "com.microsoft"
"""The domain of ONNX Runtime's own operators, which do several steps in one pass over the memory."""


class Nodes:
    """A graph under construction; tensors are known by their names."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def takes(self, name: str, kind: type[np.generic], *sizes: str) -> str:
        """Add an input of the graph; `sizes` names its dimensions."""
        self._inputs.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(kind)), list(sizes)))
        return name

    def gives(self, tensor: str, name: str) -> None:
        """Make `tensor`, in fp32, the output `name` of the graph."""
        self._nodes.append(helper.make_node("Identity", [tensor], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))

    def constant(self, name: str, values: NDArray[Any] | np.generic) -> str:
        """Add a constant under `name`, or return it where it is there already."""
        if name not in self._constants:
            self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(values).reshape(np.shape(values)), name)
        return name

    def integers(self, *numbers: int) -> str:
        """Return a constant int64 vector."""
        return self.constant(f"integers {numbers}", np.array(numbers, dtype=np.int64))

    def add(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output, and return its name."""
        return self.several(operator, 1, *inputs, domain=domain, **attributes)[0]

    def several(self, operator: str, outputs: int, *inputs: str, domain: str = "", **attributes: Any) -> list[str]:
        """Add a node with several outputs, and return their names."""
        found = [f"{operator} {len(self._nodes)}.{number}" for number in range(outputs)]
        self._nodes.append(helper.make_node(operator, list(inputs), found, domain=domain, **attributes))
        return found

    def model(self) -> ModelProto:
        """Return the whole."""
        graph = helper.make_graph(self._nodes, "squall", self._inputs, self._outputs, list(self._constants.values()))
        domains = [helper.make_opsetid("", _OPSET), helper.make_opsetid(FUSED, 1)]
        return helper.make_model(graph, opset_imports=domains, ir_version=_IR_VERSION)
