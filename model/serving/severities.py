"""One severity of two heads: a text's is raised by that for the organisations that it names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from squall.model.outputs import expected_root, softmax

OF_NAMES: Final = 0.3
"""What the head for names is worth to the severity of a text. With more, hardly another headline of the crises of 2012 stands above those
of calm days; with it the severities of `labelled/headlines.jsonl`, which the shipped checkpoint has not read, are met as before."""
_WHOLE: Final = 255


def raised(roots: NDArray[np.float32], by: ArrayLike) -> NDArray[np.float32]:
    """Return severities from 0 to 1: (1 − (1 − root)(1 − by))², of roots of severities (`expected_root`) and evidence of another head.

    A noisy-or (Pearl 1988, "Probabilistic Reasoning in Intelligent Systems", section 4.3.2) on the scale of square roots: either head is
    enough, none takes away what the other says.
    """
    answered: NDArray[np.float32] = np.square(1 - (1 - roots) * (1 - np.asarray(by, dtype=np.float32)))
    return answered


def named_severity(logits: Sequence[NDArray[np.float16]], chances: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
    """Return how grave each text is for an organisation that it names: the root of a severity, float32, shape (texts,), in [0, 1].

    The largest product, over the tokens of a text, of the chance that a token is of an organisation's name and of the expected root of the
    severity for what it names. 0 where there is no token, or no head for names.

    Args:
        logits: per text those of the head for severity towards names, shape (tokens, grades).
        chances: per text those of `LogitsCollector.chances`, shape (tokens, 2); (0, 2) where the checkpoint has no head for names.
    """
    found = np.zeros(len(logits), np.float32)
    rows = [row for row, of_one in enumerate(chances) if len(of_one)]
    if not rows:
        return found
    values = np.concatenate([logits[row] for row in rows]).astype(np.float32)
    organisation = np.concatenate([chances[row][:, 0] for row in rows]).astype(np.float32) / _WHOLE
    products = organisation * expected_root(softmax(values))
    starts = np.cumsum([0, *(len(chances[row]) for row in rows[:-1])])
    found[rows] = np.maximum.reduceat(products, starts)
    return found
