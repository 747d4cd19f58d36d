"""Int8 layers for the ragged encoder: the range of every activation is calibrated on a few texts when the checkpoint is opened."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from squall.model.checkpoint import Checkpoint
from squall.model.serving.backends.ragged.encoder import (
    LayerLinears,
    LayerWeights,
    Layout,
    RaggedEncoder,
    Weights,
    WordVectors,
    layer_weights,
)
from squall.model.serving.backends.ragged.linear import FloatLinear, Int8Linear

_MARGIN = 1.1
"""Ranges are this much wider than the samples': other texts go further."""
_LEAST_CEILING = 4.0
_SPARE = 64
"""Units that a layer may be widened by; a multiple of what the kernels work in."""
_GELU_MINIMUM = -0.17


def int8_linears(checkpoint: Checkpoint, embeddings: WordVectors, samples: Sequence[Sequence[int]]) -> list[LayerLinears]:
    """Return the linear layers of a network in int8.

    Args:
        checkpoint: of a network around a `BertModel`.
        embeddings: the vectors of its words.
        samples: token id rows like those that will come, sorted by length.
    """
    weights = list(layer_weights(checkpoint))
    peaks = _peaks(checkpoint, embeddings, weights, samples)
    return [_int8_layer(layer, *peaks[4 * position : 4 * position + 4]) for position, layer in enumerate(weights)]


def float_linears(checkpoint: Checkpoint, dtype: torch.dtype) -> list[LayerLinears]:
    """Return the linear layers of a network in fp32 or bf16."""
    return [LayerLinears(*(FloatLinear(*part, dtype) for part in layer)) for layer in layer_weights(checkpoint)]


def _peaks(
    checkpoint: Checkpoint, embeddings: WordVectors, weights: Sequence[LayerWeights], samples: Sequence[Sequence[int]]
) -> list[tuple[Tensor, Tensor]]:
    """Return (least, largest) of each input of each linear layer over the samples."""
    found: list[tuple[Tensor, Tensor]] = []
    layout = Layout.of(samples)
    linears = [LayerLinears(*(FloatLinear(*part, torch.float32) for part in layer)) for layer in weights]

    def observe(inputs: Tensor) -> None:
        real = inputs[: layout.real]
        found.append((real.amin(0) * _MARGIN, real.amax(0) * _MARGIN))

    RaggedEncoder(checkpoint, embeddings, linears).hidden(layout, observe)
    return found


def _int8_layer(
    layer: LayerWeights,
    attend: tuple[Tensor, Tensor],
    mix: tuple[Tensor, Tensor],
    widen: tuple[Tensor, Tensor],
    narrow: tuple[Tensor, Tensor],
) -> LayerLinears:
    wider, narrower, ceiling = split_outliers(layer.widen, layer.narrow, narrow[1])
    last = Int8Linear(*narrower, _GELU_MINIMUM, ceiling)
    return LayerLinears(_smoothed(layer.attend, attend), _smoothed(layer.mix, mix), _smoothed(wider, widen, last), last)


def _smoothed(part: Weights, peaks: tuple[Tensor, Tensor], following: Int8Linear | None = None) -> Int8Linear:
    """Share the difference between wide and narrow inputs out among activations and weights, as SmoothQuant does at α = 0.5."""
    low, high = peaks
    reach = torch.maximum(-low, high).clamp(min=1e-5)
    shrink = (reach / part.weight.abs().amax(0).clamp(min=1e-5)).sqrt()
    return Int8Linear(*part, float((low / shrink).min()), float((high / shrink).max()), shrink, following)


def split_outliers(wider: Weights, narrower: Weights, peaks: Tensor) -> tuple[Weights, Weights, float]:
    """Return both layers around a GELU with its few far-reaching units split, and the ceiling that no unit then passes.

    One unit in a thousand reaches five times as far as the others, and a scale that holds it leaves them a few steps each. Above
    the ceiling m the kernel cuts; a copy of the unit with its bias lowered by m takes up there, for gelu(x) ≈ min(gelu(x), m) +
    gelu(x − m) when m is well above 0 (after outlier channel splitting, Zhao et al. 2019).

    Args:
        wider: the layer before the GELU, (inner, width).
        narrower: the one after it, (width, inner).
        peaks: (inner,) how far each unit's GELU reaches.
    """
    ceiling = _LEAST_CEILING
    while _copies(peaks, ceiling) > _SPARE:
        ceiling *= 1.25
    if not (copies := _copies(peaks, ceiling)):
        return wider, narrower, float(peaks.max())
    weights, biases, columns = [wider.weight], [wider.bias], [narrower.weight]
    level = ceiling
    while len(above := (peaks > level).nonzero().flatten()):
        weights.append(wider.weight[above])
        biases.append(wider.bias[above] - level)
        columns.append(narrower.weight[:, above])
        level += ceiling
    spare = _SPARE - copies
    weights.append(wider.weight.new_zeros(spare, wider.weight.shape[1]))
    biases.append(wider.bias.new_zeros(spare))
    columns.append(narrower.weight.new_zeros(len(narrower.weight), spare))
    return Weights(torch.cat(weights), torch.cat(biases)), Weights(torch.cat(columns, 1), narrower.bias), ceiling


def _copies(peaks: Tensor, ceiling: float) -> int:
    return int((torch.ceil(peaks / ceiling) - 1).clamp(min=0).sum())
