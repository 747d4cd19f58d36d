"""The network of a checkpoint as a graph of ONNX Runtime's fused operators, made from its weights alone: torch is not needed.

Inputs: `ids`, int64 (rows, tokens), and `lengths`, int32 (rows,), how many of them are the row's own. Outputs: the heads' logits, one per
task, (rows, labels) or (rows, tokens, labels).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from onnx import ModelProto, TensorProto

from squall.model.checkpoint import Checkpoint
from squall.model.serving.backends.onnx.int8 import Int8Affine, Int8Layer
from squall.model.serving.backends.onnx.layers import WORDS, Affine, Layer, affine, depth_of, heads_of_attention, layers_of, values
from squall.model.serving.backends.onnx.nodes import FUSED, Nodes
from squall.model.tasks import TaskSpec

PARTS: Final = ("attend", "mix", "widen", "narrow")
"""The linear layers of a layer, in the order in which they run."""
_LEAST = np.float32(np.finfo(np.float32).min)


def graph_of(checkpoint: Checkpoint, int8: Sequence[Int8Layer] | None = None, *, observed: bool = False) -> ModelProto:
    """Return the network's graph, in fp32, or with the linear layers of `int8`, one for each of `layer_names`.

    Args:
        checkpoint: of a network around a `BertModel` with absolute positions and GELU.
        int8: the layers in int8.
        observed: give the inputs of the linear layers too, as `attend 0`, `mix 0`, …, one set per layer.

    Raises:
        KeyError: the checkpoint lacks a weight.
    """
    return _Network(checkpoint, int8, observed=observed).model()


def observed_name(part: str, layer: int) -> str:
    """Return the output that holds the input of a linear layer."""
    return f"{part} {layer}"


class _Network:
    def __init__(self, checkpoint: Checkpoint, int8: Sequence[Int8Layer] | None, *, observed: bool) -> None:
        self._checkpoint = checkpoint
        self._config = checkpoint.config
        self._int8 = int8
        self._observed = observed
        self._heads = heads_of_attention(checkpoint.config)
        self._epsilon = float(checkpoint.config.encoder.get("layer_norm_eps", 1e-12))
        self._nodes = Nodes()
        self._lengths = ""
        self._real = ""

    def model(self) -> ModelProto:
        nodes = self._nodes
        ids = nodes.takes("ids", np.int64, "rows", "tokens")
        self._lengths = nodes.takes("lengths", np.int32, "rows")
        self._real = self._real_tokens(ids)
        words, cases = self._words(ids)
        branch = self._config.branch
        hidden = self._embedded(ids, words if branch or not cases else nodes.add("Add", words, cases))
        begin = depth_of(self._config) - (branch.layers if branch else 0)
        own = ""
        for number, layer in enumerate(layers_of(self._checkpoint)):
            if branch and number == begin:
                own = nodes.add("Add", hidden, cases) if cases else hidden
            if number < depth_of(self._config):
                hidden = self._after(hidden, layer, number)
            else:
                own = self._after(own, layer, number)
        self._answers([hidden, own] if branch else [hidden])
        return nodes.model()

    def _real_tokens(self, ids: str) -> str:
        """Whether a token is the row's own, bool, (rows, tokens)."""
        nodes = self._nodes
        zero, one = (nodes.constant(name, np.int32(number)) for name, number in (("zero", 0), ("one", 1)))
        width = nodes.add("Squeeze", nodes.add("Cast", nodes.add("Shape", ids, start=1, end=2), to=TensorProto.INT32))
        return nodes.add("Less", nodes.add("Range", zero, width, one), nodes.add("Unsqueeze", self._lengths, nodes.integers(1)))

    def _words(self, ids: str) -> tuple[str, str]:
        """The vectors of the words, and of their case where ids carry it, both (rows, tokens, width)."""
        nodes = self._nodes
        table = nodes.constant("words", self._checkpoint.state[WORDS])  # in fp16, as it is stored
        cases = ""
        if self._config.case:
            size = nodes.constant("vocabulary", np.int64(len(self._checkpoint.state[WORDS])))
            cases = nodes.add("Gather", nodes.constant("cases", values(self._checkpoint, "case.weight")), nodes.add("Div", ids, size))
            ids = nodes.add("Mod", ids, size)
        return nodes.add("Cast", nodes.add("Gather", table, ids), to=TensorProto.FLOAT), cases

    def _embedded(self, ids: str, words: str) -> str:
        nodes = self._nodes
        places, kinds = (values(self._checkpoint, f"encoder.embeddings.{name}_embeddings.weight") for name in ("position", "token_type"))
        width = nodes.add("Shape", ids, start=1, end=2)
        first = nodes.add("Slice", nodes.constant("places", places + kinds[0]), nodes.integers(0), width)
        return self._layer_norm(nodes.add("Add", words, first), "embeddings", affine(self._checkpoint, "encoder.embeddings.LayerNorm"))

    def _after(self, hidden: str, layer: Layer, number: int) -> str:
        """Return the output of a layer, (rows, tokens, width)."""
        nodes = self._nodes
        query, key, value = nodes.several("Split", 3, self._linear(hidden, layer.attend, "attend", number), axis=-1, num_outputs=3)
        context = nodes.add(  # the query is divided by the root of its width already
            "MultiHeadAttention", query, key, value, "", self._lengths, domain=FUSED, num_heads=self._heads, scale=1.0
        )
        hidden = self._normed(hidden, self._linear(context, layer.mix, "mix", number), f"attended {number}", layer.after_attention)
        inner = nodes.add("Gelu", self._linear(hidden, layer.widen, "widen", number), domain=FUSED)
        return self._normed(hidden, self._linear(inner, layer.narrow, "narrow", number), f"layer {number}", layer.after)

    def _linear(self, inputs: str, part: Affine, name: str, number: int) -> str:
        nodes, key = self._nodes, observed_name(name, number)
        if self._observed:
            nodes.gives(inputs, key)
        if self._int8 is not None:
            return self._int8_linear(inputs, getattr(self._int8[number], name), key)
        product = nodes.add("MatMul", inputs, nodes.constant(f"{key} weight", part.weight.T))
        return nodes.add("Add", product, nodes.constant(f"{key} bias", part.bias))

    def _int8_linear(self, inputs: str, part: Int8Affine, key: str) -> str:
        nodes = self._nodes
        scale, zero = nodes.constant(f"{key} scale", part.scale), nodes.constant(f"{key} zero", part.zero)
        if part.inverse is not None:
            inputs = nodes.add("Mul", inputs, nodes.constant(f"{key} inverse", part.inverse))
        weight, bias = nodes.constant(f"{key} weight", part.weight.T), nodes.constant(f"{key} bias", part.bias)
        of_weight = nodes.constant(f"{key} weight scale", part.weight_scale)
        taken = nodes.add("QuantizeLinear", inputs, scale, zero)
        return nodes.add("MatMulIntegerToFloat", taken, weight, scale, of_weight, zero, "", bias, domain=FUSED)

    def _normed(self, hidden: str, products: str, name: str, norm: Affine) -> str:
        # one sum and one norm take a fifth of the time of ONNX Runtime's SkipLayerNormalization
        return self._layer_norm(self._nodes.add("Add", products, hidden), name, norm)

    def _layer_norm(self, vectors: str, name: str, norm: Affine) -> str:
        gain, shift = self._nodes.constant(f"{name} gain", norm.weight), self._nodes.constant(f"{name} shift", norm.bias)
        return self._nodes.add("LayerNormalization", vectors, gain, shift, axis=-1, epsilon=self._epsilon)

    def _answers(self, hidden: Sequence[str]) -> None:
        """Add the heads; those that read the same vectors are one product."""
        texts = [self._pooled(each) for each in hidden]
        branch = self._config.branch
        readers: dict[tuple[str, ...], list[TaskSpec]] = {}
        for task in self._config.tasks:
            vectors = texts if task.kind == "text" else hidden
            read = [vectors[part] for part in branch.reads(task.name)] if branch else vectors
            readers.setdefault(tuple(read), []).append(task)
        for number, (vectors, tasks) in enumerate(readers.items()):
            self._head(number, vectors, tasks)

    def _head(self, number: int, vectors: Sequence[str], tasks: Sequence[TaskSpec]) -> None:
        nodes = self._nodes
        read = vectors[0] if len(vectors) == 1 else nodes.add("Concat", *vectors, axis=-1)
        heads = [affine(self._checkpoint, f"heads.{task.name}") for task in tasks]
        weight = nodes.constant(f"heads {number} weight", np.concatenate([head.weight for head in heads]).T)
        bias = nodes.constant(f"heads {number} bias", np.concatenate([head.bias for head in heads]))
        logits = nodes.add("Add", nodes.add("MatMul", read, weight), bias)
        sizes = nodes.integers(*(len(head.bias) for head in heads))
        found = [logits] if len(tasks) == 1 else nodes.several("Split", len(tasks), logits, sizes, axis=-1)
        for task, each in zip(tasks, found, strict=True):
            nodes.gives(each, task.name)

    def _pooled(self, hidden: str) -> str:
        return _POOLINGS[self._config.pooling](self, hidden)

    def _mean(self, hidden: str) -> str:
        nodes = self._nodes
        real = nodes.add("Unsqueeze", nodes.add("Cast", self._real, to=TensorProto.FLOAT), nodes.integers(2))
        total = nodes.add("ReduceSum", nodes.add("Mul", hidden, real), nodes.integers(1), keepdims=0)
        return nodes.add("Div", total, nodes.add("Unsqueeze", nodes.add("Cast", self._lengths, to=TensorProto.FLOAT), nodes.integers(1)))

    def _first(self, hidden: str) -> str:
        return self._nodes.add("Gather", hidden, self._nodes.constant("first", np.int64(0)), axis=1)

    def _weighed(self, hidden: str) -> str:
        nodes = self._nodes
        weigh = affine(self._checkpoint, "pool.weight")
        product = nodes.add("MatMul", hidden, nodes.constant("pool weight", weigh.weight.T))
        scores = nodes.add("Add", product, nodes.constant("pool bias", weigh.bias))
        real = nodes.add("Unsqueeze", self._real, nodes.integers(2))
        shares = nodes.add("Softmax", nodes.add("Where", real, scores, nodes.constant("least", _LEAST)), axis=1)
        return nodes.add("ReduceSum", nodes.add("Mul", hidden, shares), nodes.integers(1), keepdims=0)


_POOLINGS: Final[dict[str, Callable[[_Network, str], str]]] = {
    "mean": _Network._mean,
    "cls": _Network._first,
    "attention": _Network._weighed,
}
