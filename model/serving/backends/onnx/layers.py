"""The weights of a BERT encoder's layers, and of the branch's, as plain arrays in fp32."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from squall.model.checkpoint import Checkpoint, NetworkConfig

Array = NDArray[np.float32]

WORDS: Final = "encoder.embeddings.word_embeddings.weight"


class Affine(NamedTuple):
    """A linear layer's fp32 weight (outputs, inputs) and bias (outputs,); or a norm's, both (width,)."""

    weight: Array
    bias: Array


class Layer(NamedTuple):
    """One encoder layer; query, key and value are one product, the query already divided by the root of a head's width."""

    attend: Affine
    mix: Affine
    after_attention: Affine
    widen: Affine
    narrow: Affine
    after: Affine


def layer_names(config: NetworkConfig) -> list[str]:
    """Return how the names of each layer's weights begin: of the encoder's layers, then of the branch's, if any."""
    return [
        *(f"encoder.encoder.layer.{number}" for number in range(depth_of(config))),
        *(f"branch.layers.{number}" for number in range(config.branch.layers if config.branch else 0)),
    ]


def depth_of(config: NetworkConfig) -> int:
    """Return how many layers the encoder has."""
    return int(config.encoder.get("num_hidden_layers", 12))  # like the default below, BERT's own


def heads_of_attention(config: NetworkConfig) -> int:
    """Return into how many parts attention splits a vector."""
    return int(config.encoder.get("num_attention_heads", 12))


def layers_of(checkpoint: Checkpoint) -> Iterator[Layer]:
    """Read the layers of `layer_names`, one after another.

    Raises:
        KeyError: the checkpoint lacks a weight.
    """
    for name in layer_names(checkpoint.config):
        query, key, value = (affine(checkpoint, f"{name}.attention.self.{part}") for part in ("query", "key", "value"))
        root = np.float32(math.sqrt(len(query.bias) // heads_of_attention(checkpoint.config)))
        yield Layer(
            Affine(
                np.concatenate([query.weight / root, key.weight, value.weight]), np.concatenate([query.bias / root, key.bias, value.bias])
            ),
            affine(checkpoint, f"{name}.attention.output.dense"),
            affine(checkpoint, f"{name}.attention.output.LayerNorm"),
            affine(checkpoint, f"{name}.intermediate.dense"),
            affine(checkpoint, f"{name}.output.dense"),
            affine(checkpoint, f"{name}.output.LayerNorm"),
        )


def affine(checkpoint: Checkpoint, name: str) -> Affine:
    """Return weight and bias of the module `name` of a network, in fp32. Raises KeyError where there are none."""
    return Affine(values(checkpoint, f"{name}.weight"), values(checkpoint, f"{name}.bias"))


def values(checkpoint: Checkpoint, name: str) -> Array:
    """Return the stored values `name` in fp32. Raises KeyError where there are none."""
    return checkpoint.state[name].astype(np.float32)
