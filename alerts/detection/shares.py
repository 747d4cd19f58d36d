"""The usual share of negative documents, and how much it scatters."""

from __future__ import annotations

from typing import Final

import numpy as np

from squall.alerts.detection.baseline import Baseline
from squall.alerts.detection.readings import Floats

_LEAST, _MOST = 0.005, 0.95
_PRIOR: Final = 2.0
"""Weight, in documents, of a topic's overall negative share in the one expected at this time of day."""
_PRIOR_TOPIC: Final = 20.0
"""Weight, in documents, of all topics' negative share in a topic's own."""
_SCATTER_PRIOR: Final = 0.02
_SCATTER_WEIGHT: Final = 100.0
"""Intra-hour correlation of sentiment before data, and its weight in pairs of documents × q(1−q)."""
_MIN_SCATTER: Final = 0.001


def expected_share(negative: Floats, total: Floats, usual: Floats) -> Floats:
    """Return the share to expect where `negative` of `total` documents are expected, leaning on the `usual` one; all (topics, …)."""
    share: Floats = np.clip((negative + _PRIOR * usual) / (total + _PRIOR), _LEAST, _MOST)
    return share


def usual_shares(negative: Floats, total: Floats, model: Baseline, volume: Baseline) -> tuple[Floats, Floats]:
    """Return the (topics,) usual negative share, shrunk to the common one, and its intra-hour correlation ρ by moments."""
    weights = model.weights
    negatives, documents = (weights * negative).sum((1, 2)), (weights * total).sum((1, 2))
    common = negatives.sum() / max(float(documents.sum()), 1e-9)
    share = (negatives + _PRIOR_TOPIC * common) / (documents + _PRIOR_TOPIC)
    usual = expected_share(model.fitted, volume.fitted, share[:, None, None])
    spread = usual * (1.0 - usual)
    excess = (weights * ((negative - total * usual) ** 2 / model.residual_variance - total * spread)).sum((1, 2))
    weight = (weights * total * np.maximum(total - 1.0, 0.0) * spread).sum((1, 2))
    pooled = (excess.sum() + _SCATTER_PRIOR * _SCATTER_WEIGHT) / (weight.sum() + _SCATTER_WEIGHT)
    own = (excess + max(float(pooled), _MIN_SCATTER) * _SCATTER_WEIGHT) / (weight + _SCATTER_WEIGHT)
    return share, np.clip(own, _MIN_SCATTER, 0.9)
