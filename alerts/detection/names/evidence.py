"""How surprising is what is said of a name now, beside its own past?

For each level of severity and each window: is the number of documents more than the name's past explains? The name's rate has a gamma
prior, that of names of which nothing is known; the number in a window is then negative binomial (Gelman et al., Bayesian Data Analysis,
section 2.6). The least probable number counts, its probability times the number of windows (Bonferroni). Numbers are taken twice: of
what is new, which comes first, and of all that is written, which tells how important editors find it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import betainc

from squall.alerts.detection.names.history import NameHistory, Said
from squall.core.gravity.levels import LEVELS

WINDOWS: Final = (30, 60, 120, 360, 720, 1440)
"""Minutes."""
HISTORY_DAYS: Final = 56
RECURS: Final = 0.15
"""A document less new than this is a retelling: it says nothing new, and drives nothing."""
_PRIOR: Final = np.array([0.1, 0.06, 0.02, 0.006])
"""Documents a day about a name of which nothing is known: adverse ones, and those past each limit."""
_PRIOR_SHAPE: Final = 0.5
_MOST_SHAPE: Final = 3.0
"""Documents come in bursts: however well the rate is known, numbers scatter as those of a gamma mixture of this shape at least."""
_LEAST: Final = 1.2
"""A single document is judged by what it says, not by its number."""
_LEAST_P: Final = 1e-30

Floats = npt.NDArray[np.float64]


class Burst(NamedTuple):
    """The least probable number of documents.

    Args:
        strength: −log10 of its probability, all windows and limits counted; 0: nothing unusual.
        level: see `squall.core.gravity.levels`.
        window: minutes; 0: there was no number to judge.
        expected: by the name's past.
    """

    strength: float
    level: int
    window: int
    expected: float


class Evidence(NamedTuple):
    """What the numbers say.

    Args:
        new: of documents past a limit, each counted by how new it is.
        written: of all documents past a limit, or only adverse.
        adverse: −log10 of the probability of so many adverse documents, each counted by how new it is.
    """

    new: Burst
    written: Burst
    adverse: float


def gather(history: NameHistory, minute: int, known_days: float) -> Evidence:
    """Return the evidence about a name up to `minute`.

    Args:
        history: of the name, what is said at `minute` included.
        minute: since the epoch.
        known_days: how far back anything at all is known, `HISTORY_DAYS` at most.
    """
    past = np.array(history.past(minute, HISTORY_DAYS)[1:], dtype=np.float64)
    shape = _PRIOR_SHAPE + past
    rate = shape / (_PRIOR_SHAPE / _PRIOR + known_days)
    expected = rate[:, None] * np.array(WINDOWS) / 1440
    strength = strengths(counts(history.recent, minute), np.minimum(shape, _MOST_SHAPE)[:, None], expected) - np.log10(len(WINDOWS))
    limits = np.log10(LEVELS - 2)  # that so many limits were looked at
    written = strength[1].copy()
    written[0] -= 0.3
    written[1:] -= limits
    return Evidence(
        _burst(strength[0, 1:] - limits, 2, expected), _burst(written, 1, expected), max(0.0, float(strength[0, 0].max()) - 0.3)
    )


def counts(recent: Iterable[Said], minute: int) -> Floats:
    """Return (2, levels, windows) documents: by how new they are, and as written, but for exact copies; levels from adverse on."""
    new = [[0.0] * len(WINDOWS) for _ in range(LEVELS - 1)]
    written = [[0.0] * len(WINDOWS) for _ in range(LEVELS - 1)]
    for said in recent:
        age = minute - said.minute
        if said.level and age < WINDOWS[-1]:
            first = bisect_right(WINDOWS, age)
            written[said.level - 1][first] += 1.0
            if said.novelty >= RECURS:
                new[said.level - 1][first] += said.novelty
    at_level = np.array((new, written))  # in the shortest window that holds them, at their highest level
    return at_level.cumsum(axis=2)[:, ::-1].cumsum(axis=1)[:, ::-1]


def strengths(documents: Floats, shape: Any, expected: Floats) -> Floats:
    """Return −log10 P(X ≥ documents) of negative binomial X, for real numbers by the incomplete beta function; 0 for single documents."""
    judged = documents >= _LEAST
    p = betainc(np.where(judged, documents, 1.0), shape, expected / (shape + expected))
    strength: Floats = np.where(judged, -np.log10(np.clip(p, _LEAST_P, 1.0)), 0.0)
    return strength


def _burst(strength: Floats, first_level: int, expected: Floats) -> Burst:
    level, window = np.unravel_index(int(strength.argmax()), strength.shape)
    found = float(strength[level, window])
    if found <= 0:
        return Burst(0.0, first_level, 0, 0.0)
    place = int(level) + first_level
    return Burst(found, place, WINDOWS[int(window)], float(expected[place - 1, window]))
