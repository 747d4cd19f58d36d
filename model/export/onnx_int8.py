"""Turns an fp32 ONNX graph into int8 with a scale per token: a text's score doesn't depend on the texts beside it.

`onnxruntime.quantization.quantize_dynamic` takes one activation scale per batch. Here, as in
`squall.model.serving.backends.dynamic_int8`, each row of the activations has its own, and weights have one per output channel. Only
standard operators are used.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_TOP = 127.0
_LEAST = 1e-12
_WIDE = 32
"""Outputs from which a product is worth it: heads and pooling are narrower, and an error there goes straight into the scores."""
_ZERO = 128
"""Activations are unsigned around it: processors multiply unsigned by signed bytes fastest."""


def quantised(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of `model` (opset 18) whose products with wide constant matrices are int8, whose embedding tables fp16.

    The products' inputs are fp32 of shape (..., inputs), the constants fp32 of shape (inputs, outputs). Tables of a checkpoint
    are fp16 on disk already, so nothing is lost on them.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    return _Rewriter(result).run()


class _Rewriter:
    """One pass over a graph's nodes."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = model
        self._constants = {item.name: item for item in model.graph.initializer}
        self._new: list[onnx.TensorProto] = [
            numpy_helper.from_array(np.array([-1], dtype=np.int64), "int8/last_axis"),
            numpy_helper.from_array(np.array(_TOP, dtype=np.float32), "int8/top"),
            numpy_helper.from_array(np.array(_LEAST, dtype=np.float32), "int8/least"),
            numpy_helper.from_array(np.array(_ZERO, dtype=np.float32), "int8/shift"),
            numpy_helper.from_array(np.array(_ZERO, dtype=np.uint8), "int8/zero"),
        ]
        self._rows: dict[str, tuple[str, str]] = {}
        self._weights: dict[str, tuple[str, str]] = {}
        self._tables: set[str] = set()

    def run(self) -> onnx.ModelProto:
        """Replace the nodes, drop constants that nothing reads any more."""
        graph = self._model.graph
        nodes = [made for node in graph.node for made in self._replaced(node)]
        used = {name for node in nodes for name in node.input}
        kept = [item for item in [*graph.initializer, *self._new] if item.name in used]
        del graph.node[:], graph.initializer[:]
        graph.node.extend(nodes)
        graph.initializer.extend(kept)
        onnx.checker.check_model(self._model)
        return self._model

    def _replaced(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        if node.op_type == "MatMul" and self._is_matrix(node.input[1]) and self._constants[node.input[1]].dims[1] >= _WIDE:
            return self._product(node)
        if node.op_type == "Gather" and self._is_matrix(node.input[0]):
            return self._lookup(node)
        return [node]

    def _is_matrix(self, name: str) -> bool:
        found = self._constants.get(name)
        return found is not None and found.data_type == TensorProto.FLOAT and len(found.dims) == 2

    def _product(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        (rows, weight), out = node.input, node.output[0]
        made = [] if rows in self._rows else self._quantise_rows(rows)
        quantised_rows, row_scale = self._rows[rows]
        matrix, scale = self._quantise_weight(weight)
        return [
            *made,
            helper.make_node("MatMulInteger", [quantised_rows, matrix, "int8/zero"], [f"{out}/sums"]),
            helper.make_node("Cast", [f"{out}/sums"], [f"{out}/float"], to=TensorProto.FLOAT),
            helper.make_node("Mul", [f"{out}/float", scale], [f"{out}/columns"]),
            helper.make_node("Mul", [f"{out}/columns", row_scale], [out]),
        ]

    def _quantise_rows(self, rows: str) -> list[onnx.NodeProto]:
        """Nodes for q = round(x / s), s = max|x| / 127 of each row; made once for all products that read the same rows."""
        self._rows[rows] = (f"{rows}/int8", f"{rows}/scale")
        return [
            helper.make_node("Abs", [rows], [f"{rows}/size"]),
            helper.make_node("ReduceMax", [f"{rows}/size", "int8/last_axis"], [f"{rows}/largest"], keepdims=1),
            helper.make_node("Max", [f"{rows}/largest", "int8/least"], [f"{rows}/bound"]),
            helper.make_node("Div", [f"{rows}/bound", "int8/top"], [f"{rows}/scale"]),
            helper.make_node("Div", [rows, f"{rows}/scale"], [f"{rows}/scaled"]),
            helper.make_node("Round", [f"{rows}/scaled"], [f"{rows}/rounded"]),
            helper.make_node("Add", [f"{rows}/rounded", "int8/shift"], [f"{rows}/shifted"]),
            helper.make_node("Cast", [f"{rows}/shifted"], [f"{rows}/int8"], to=TensorProto.UINT8),
        ]

    def _quantise_weight(self, name: str) -> tuple[str, str]:
        if name not in self._weights:
            matrix: NDArray[Any] = numpy_helper.to_array(self._constants[name])
            scale = np.maximum(np.abs(matrix).max(0), _LEAST) / _TOP
            self._weights[name] = (f"{name}/int8", f"{name}/scale")
            self._new.append(numpy_helper.from_array(np.round(matrix / scale).astype(np.int8), f"{name}/int8"))
            self._new.append(numpy_helper.from_array(scale.astype(np.float32), f"{name}/scale"))
        return self._weights[name]

    def _lookup(self, node: onnx.NodeProto) -> list[onnx.NodeProto]:
        (table, positions), out = node.input, node.output[0]
        with np.errstate(over="ignore"):
            values = numpy_helper.to_array(self._constants[table]).astype(np.float16)
        if not np.isfinite(values).all():
            return [node]  # no embeddings: a table of masks, whose least float has no half
        if table not in self._tables:
            self._tables.add(table)
            self._new.append(numpy_helper.from_array(values, f"{table}/half"))
        gather = onnx.NodeProto()
        gather.CopyFrom(node)
        gather.input[:] = [f"{table}/half", positions]
        gather.output[:] = [f"{out}/half"]
        return [gather, helper.make_node("Cast", [f"{out}/half"], [out], to=TensorProto.FLOAT)]
