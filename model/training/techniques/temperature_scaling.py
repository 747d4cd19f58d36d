"""Temperature scaling: one number per text or spans head that calibrates its probabilities (Guo et al. 2017), folded into the head."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_expit, log_softmax

from squall.core.errors import ConfigurationError
from squall.model.network import MultiTaskNetwork
from squall.model.outputs import is_known
from squall.model.tasks import TaskOutput, find_task

_TEMPERATURES = (0.05, 20.0)
_PRIOR_DEVIATION = 0.5
"""Of ln T before any row is seen: a handful of rows that are all right must not make a head certain of everything."""


def fit_temperature(logits: ArrayLike, labels: ArrayLike, output: TaskOutput = "softmax") -> float:
    """Return the most probable temperature T in [0.05, 20] of softmax(logits / T), ln T being normal around 0 beforehand.

    Args:
        logits: shape (rows, labels), of rows the network was not trained on.
        labels: targets as `squall.model.outputs.target_array` gives them; rows without a label are left out.
        output: of the task; with `sigmoid`, T is that of sigmoid(logits / T).

    One number for all classes (Guo et al. 2017, section 4.2): no label changes. The negative log-likelihood has a single minimum
    over 1/T and the prior draws towards T = 1, so that it never gets worse than there. A thousand rows are moved by about a percent.

    Raises:
        ConfigurationError: no labelled row.
    """
    targets: NDArray[Any] = np.asarray(labels)
    known = is_known(targets)
    if not known.any():
        raise ConfigurationError("no temperature can be fitted: no held-out row has a label", "hold out rows of this task")
    values, targets = np.asarray(logits, dtype=np.float64)[known], targets[known]

    shares = np.eye(values.shape[1])[targets.astype(np.int64)] if targets.ndim == 1 else targets.astype(np.float64)

    def loss(log_temperature: float) -> float:
        scaled = values / np.exp(log_temperature)
        if output == "sigmoid":
            likelihood = shares * log_expit(scaled) + (1 - shares) * log_expit(-scaled)
        else:
            likelihood = shares * log_softmax(scaled, axis=1)
        prior = (log_temperature / _PRIOR_DEVIATION) ** 2 / 2
        return float((prior - likelihood.sum()) / len(targets))

    low, high = np.log(_TEMPERATURES)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def fold_temperature(network: MultiTaskNetwork, task: str, temperature: float) -> None:
    """Divide the head of `task` by `temperature`, in place: from then on its plain softmax is the calibrated one.

    Raises:
        ConfigurationError: no such task, a tokens task, or a temperature that isn't positive.
    """
    if find_task(network.config.tasks, task).kind == "tokens":
        raise ConfigurationError(f"task {task} labels tokens", "temperatures are for text and spans tasks")
    if not 0 < temperature < float("inf"):
        raise ConfigurationError(f"temperature {temperature} is not a positive number")
    with torch.no_grad():
        for parameter in network.heads[task].parameters():
            parameter.div_(temperature)
