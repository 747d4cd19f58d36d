"""`python -m squall.model.training.word_weights`: learns which sentences of a long text are worth reading."""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import Ridge

from squall.core.gravity.severities import SEVERITIES
from squall.model.data.templates.filling import Fillers, fill
from squall.model.data.templates.reading import read_templates
from squall.model.excerpt.word_weights import BUCKETS, WEIGHTS_FILE, WordWeights, buckets

_LABELLED = Path(__file__).resolve().parents[1] / "labelled"
_NOBODY = Fillers(("Company", "Firm", "Group"), ("Place", "Town"), ("Person",), ("Person",))
"""Whom a template is about is to have no weight."""
_PENALTY = 8.0
"""Of 3,000 texts kept back, the order is the best with 8 among 5, 8, 15, 20 and 40."""


def labelled_texts(folder: Path, seed: int) -> tuple[list[str], NDArray[np.float64]]:
    """Return the texts of `severity_train.csv` and the templates below `folder`, each filled once, and their severities.

    Raises:
        ConfigurationError: a file of templates can't be read.
    """
    table = pd.read_csv(folder / "severity_train.csv", keep_default_na=False, dtype={"severity": float})
    texts, severities = [str(text) for text in table["text"]], [float(severity) for severity in table["severity"]]
    rng = random.Random(seed)  # noqa: S311 - amounts in sentences
    for path in sorted((folder / "templates").glob("*.jsonl")):
        for template in read_templates(path):
            texts.append(fill(template.text, _NOBODY, rng)[0])
            severities.append(template.severity / (len(SEVERITIES) - 1))
    return texts, np.asarray(severities)


def fit(texts: Sequence[str], severities: NDArray[np.float64]) -> WordWeights:
    """Return weights by ridge regression of the severities on what the texts contain, rounded to 255 steps."""
    found = [sorted(buckets(text)) for text in texts]
    ends = np.cumsum([0, *map(len, found)])
    columns = np.concatenate([np.asarray(row, dtype=np.int64) for row in found])
    matrix = sparse.csr_matrix((np.ones(len(columns), np.float64), columns, ends), shape=(len(texts), BUCKETS))
    model = Ridge(alpha=_PENALTY, solver="lsqr", tol=1e-4, max_iter=200).fit(matrix, severities)
    scale = float(np.abs(model.coef_).max()) / 127
    return WordWeights(np.round(model.coef_ / scale).astype(np.int8), scale, float(model.intercept_))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m squall.model.training.word_weights", description=__doc__)
    parser.add_argument("--labelled", type=Path, default=_LABELLED, help="folder of severity_train.csv and templates/")
    parser.add_argument("--out", type=Path, default=WEIGHTS_FILE, help="file to write")
    parser.add_argument("--seed", type=int, default=1, help="of the amounts in the templates")
    arguments = parser.parse_args()
    texts, severities = labelled_texts(arguments.labelled, arguments.seed)
    fit(texts, severities).save(arguments.out)
    sys.stdout.write(f"learnt from {len(texts):,} texts, {arguments.out.stat().st_size:,} bytes in {arguments.out}\n")


if __name__ == "__main__":
    main()
