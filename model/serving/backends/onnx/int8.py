"""int8 layers with fixed scales: the range of every activation is calibrated on a few texts when the checkpoint is opened.

The scale is fixed beforehand, not read off the batch: so a text scores the same in any company.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from squall.model.serving.backends.onnx.layers import Affine, Array, Layer

_MARGIN = 1.1
"""Ranges are this much wider than the samples': other texts go further."""
_SMOOTHING = 0.65
"""How much of the difference goes to the weights (α of SmoothQuant): held-out texts' logits are a tenth nearer to fp32's than at 0.5."""
_LEAST_CEILING = 4.0
_SPARE = 64
"""Units that a layer may be widened by; a multiple of what the kernels work in."""
_GELU_MINIMUM = -0.17
_STEPS = 255


class Range(NamedTuple):
    """Least and largest value of each input of a linear layer over the samples, both (inputs,)."""

    low: Array
    high: Array

    def wider(self) -> Range:
        """Return the range that other texts are trusted to stay in."""
        return Range(self.low * np.float32(_MARGIN), self.high * np.float32(_MARGIN))


class Int8Affine(NamedTuple):
    """A linear layer in int8: weights symmetric with a scale per output, activations uint8 with one scale and zero point.

    Args:
        weight: int8 (outputs, inputs).
        weight_scale: fp32 (outputs,).
        bias: fp32 (outputs,).
        inverse: fp32 (inputs,), what inputs are multiplied by before they become bytes (SmoothQuant); None: ones.
        scale: of a byte, after that.
        zero: the byte that is 0.
    """

    weight: NDArray[np.int8]
    weight_scale: Array
    bias: Array
    inverse: Array | None
    scale: np.float32
    zero: np.uint8


class Int8Layer(NamedTuple):
    """The linear layers of a `Layer`."""

    attend: Int8Affine
    mix: Int8Affine
    widen: Int8Affine
    narrow: Int8Affine


class Ranges(NamedTuple):
    """The ranges of the inputs of a layer's linear layers."""

    attend: Range
    mix: Range
    widen: Range
    narrow: Range


def quantised(layer: Layer, ranges: Ranges) -> Int8Layer:
    """Return the linear layers of `layer` in int8; the one before the GELU may have more outputs, as many as the next has inputs."""
    wider = Ranges(*(part.wider() for part in ranges))
    widen, narrow, ceiling = split_outliers(layer.widen, layer.narrow, wider.narrow.high)
    return Int8Layer(
        _smoothed(layer.attend, wider.attend),
        _smoothed(layer.mix, wider.mix),
        _smoothed(widen, wider.widen),
        _int8(narrow, _GELU_MINIMUM, ceiling, None),
    )


def _smoothed(part: Affine, ranges: Range) -> Int8Affine:
    """Share the difference between wide and narrow inputs out among activations and weights: SmoothQuant (Xiao et al. 2023)."""
    reach = np.maximum(np.maximum(-ranges.low, ranges.high), 1e-5)
    shrink = reach**_SMOOTHING / np.maximum(np.abs(part.weight).max(0), 1e-5) ** (1 - _SMOOTHING)
    return _int8(part, float((ranges.low / shrink).min()), float((ranges.high / shrink).max()), shrink)


def _int8(part: Affine, low: float, high: float, shrink: Array | None) -> Int8Affine:
    low, high = min(low, 0.0), max(high, 1e-6)
    scale = (high - low) / _STEPS
    weight = part.weight if shrink is None else part.weight * shrink
    weight_scale = np.maximum(np.abs(weight).max(1), 1e-8) / np.float32(127)
    bytes_of = np.round(weight / weight_scale[:, None]).astype(np.int8)
    inverse = None if shrink is None else (1 / shrink).astype(np.float32)
    return Int8Affine(bytes_of, weight_scale.astype(np.float32), part.bias, inverse, np.float32(scale), np.uint8(round(-low / scale)))


def split_outliers(wider: Affine, narrower: Affine, peaks: Array) -> tuple[Affine, Affine, float]:
    """Return both layers around a GELU with its few far-reaching units split, and the ceiling that no unit then passes.

    One unit in a thousand reaches five times as far as the others, and a scale that holds it leaves them a few steps each. Above
    the ceiling m the byte is cut; a copy of the unit with its bias lowered by m takes up there, for gelu(x) ≈ min(gelu(x), m) +
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
    while len(above := np.flatnonzero(peaks > level)):
        weights.append(wider.weight[above])
        biases.append(wider.bias[above] - np.float32(level))
        columns.append(narrower.weight[:, above])
        level += ceiling
    spare = _SPARE - copies
    weights.append(np.zeros((spare, wider.weight.shape[1]), dtype=np.float32))
    biases.append(np.zeros(spare, dtype=np.float32))
    columns.append(np.zeros((len(narrower.weight), spare), dtype=np.float32))
    return Affine(np.concatenate(weights), np.concatenate(biases)), Affine(np.concatenate(columns, 1), narrower.bias), ceiling


def _copies(peaks: Array, ceiling: float) -> int:
    return int(np.maximum(np.ceil(peaks / ceiling) - 1, 0).sum())
