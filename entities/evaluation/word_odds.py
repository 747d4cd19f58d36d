"""Fits the odds that an ordinary word names a company, on texts read by hand, and measures them on words that they were not fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from squall.core.errors import ConfigurationError
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.evaluation.ambiguous_names import AmbiguousName
from squall.entities.evaluation.intervals import Proportion
from squall.entities.linking.candidates import meant
from squall.entities.linking.dictionary import Dictionary
from squall.entities.linking.evidence import evidence
from squall.entities.linking.folding import fold, fold_name
from squall.entities.linking.network_spans import Chance, NetworkSpans
from squall.entities.linking.odds.features import NETWORK_FEATURES, TEXT_FEATURES, network_features, text_features
from squall.entities.linking.odds.odds import decides
from squall.entities.linking.place import place_of
from squall.entities.linking.ticker_candidates import ticker_candidates
from squall.entities.linking.tickers import ticker_forms

PRECISION = 0.8
"""Asked of what links, on words that the weights were not fitted on and without a ticker of the company in the text. Without the network
the odds find as many single words at this as points set by hand did (0.74), of which 0.65 were right; with it, asking for more costs right
links and did not raise the judge's precision (docs/entities.md)."""
_PENALTY = 0.1
"""Inverse strength of the ridge penalty on standardised features."""
_PARTS = 10


class Read(Protocol):
    """What the network says of texts; `squall.model.serving.reading.Reading`."""

    @property
    def names(self) -> Sequence[Sequence[tuple[int, int, str]]]:
        """Per text start, end, label of each name."""

    def names_within(self, row: int) -> Sequence[tuple[int, int]]:
        """Return the places in which names were looked for, sorted, apart."""

    def name_chances(self, row: int) -> Sequence[Chance]:
        """Return how sure it is of each token."""


class Fit(NamedTuple):
    """A regression, and how good it is.

    Args:
        names: of the features.
        weights: of the features.
        bias: what to add for a sum of zero to link.
        report: `rows`, `companies`; `precision` and `recall` with 95% intervals, each tenth of the words judged by weights fitted on
            the others, with the bias that `PRECISION` takes, on places without a ticker of the company.
    """

    names: Sequence[str]
    weights: Sequence[float]
    bias: float
    report: dict[str, Any]


def fit_odds(catalogue: Catalogue, names: Sequence[AmbiguousName], read: Read) -> tuple[Fit, Fit]:
    """Fit the odds for texts that the network has read, and for those that it has not.

    Args:
        catalogue: whose names the words are.
        names: labelled; those that the rules decide alone are left out.
        read: what the network says of their texts, in the same order.

    Raises:
        ConfigurationError: no name is left.
    """
    dictionary = Dictionary(catalogue)
    rows = [(name, row) for index, name in enumerate(names) if (row := _features(catalogue, dictionary, name, read, index))]
    if not rows:
        raise ConfigurationError(
            "none of the labelled names is a word that a company is called by", "the file lists words of the catalogue"
        )
    features = np.asarray([row for _, row in rows])
    labels = np.asarray([name.is_company for name, _ in rows])
    parts = np.asarray([_part(name) for name, _ in rows])
    own = len(TEXT_FEATURES)
    return (
        _fit((*TEXT_FEATURES, *NETWORK_FEATURES), features, labels, parts),
        _fit(TEXT_FEATURES, features[:, :own], labels, parts),
    )


def weights_file(read: Fit, unread: Fit) -> str:
    """Return the text of `entities/data/word_odds.toml`."""
    lines = ["# The odds that an ordinary word names a company: made by `squall entities fit`, see docs/entities.md"]
    for title, fit in (("with_network", read), ("without_network", unread)):
        lines += ["", f"[{title}]", f"bias = {fit.bias:.3f}", "", f"[{title}.weights]"]
        lines += [f'"{name}" = {weight:.3f}' for name, weight in zip(fit.names, fit.weights, strict=True)]
    return "\n".join(lines) + "\n"


def _features(catalogue: Catalogue, dictionary: Dictionary, name: AmbiguousName, read: Read, row: int) -> list[float]:
    """The features of a labelled name; none where the odds do not decide on it."""
    text, folded = name.text, fold(name.text)
    at = next(
        (match for match in dictionary.matches(folded) if folded.span(match.start, match.end) == (name.start, name.end)),
        None,
    )
    spans = NetworkSpans(text, read.names[row], read.names_within(row), read.name_chances(row))
    if at is None or not spans.looked_at(name.start):
        return []
    tickers = ticker_candidates(text, folded, ticker_forms(text), catalogue)
    certain = frozenset(ticker.candidate.entity.id for ticker in tickers if ticker.certain)
    place = place_of(text, folded.text, name.start, name.end, at.start, at.end)
    entity, _ = meant(at.form, place, frozenset(), certain)
    seen = evidence(at.form, entity.kind, place)
    if not decides(at.form, entity.kind, place, seen):
        return []
    own = text_features(at.form, entity, place, seen, entity.id in certain)
    return own + network_features(spans.said_of(name.start, name.end))


def _part(name: AmbiguousName) -> int:
    """A tenth of the words each, by the first word, so that "Apple" is in one."""
    word = fold_name(name.text[name.start : name.end]).split()[0]
    return blake2b(word.encode(), digest_size=1).digest()[0] % _PARTS


def _fit(names: Sequence[str], features: NDArray[np.float64], labels: NDArray[np.bool_], parts: NDArray[np.int64]) -> Fit:
    odds = np.zeros(len(labels))
    for part in range(_PARTS):
        weights, intercept = _regression(features[parts != part], labels[parts != part])
        odds[parts == part] = features[parts == part] @ weights + intercept
    weights, intercept = _regression(features, labels)
    asked = features[:, TEXT_FEATURES.index("tagged")] == 0  # a ticker in the text proves it
    odds, labels = odds[asked], labels[asked]
    least = _least_odds(odds, labels)
    taken = odds >= least
    right = int((taken & labels).sum())
    report = {
        "rows": len(labels),
        "companies": int(labels.sum()),
        "precision": Proportion(right, int(taken.sum())).report(),
        "recall": Proportion(right, int(labels.sum())).report(),
        "least_odds": round(least, 3),
    }
    return Fit(names, weights.tolist(), intercept - least, report)


def _regression(features: NDArray[np.float64], labels: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Weights of the features as they are, and the intercept."""
    from sklearn.linear_model import LogisticRegression  # takes a second to import, and only fitting needs it

    middle, scale = features.mean(axis=0), features.std(axis=0)
    scale[scale == 0] = 1.0
    model = LogisticRegression(C=_PENALTY, max_iter=2000).fit((features - middle) / scale, labels)
    weights = model.coef_[0] / scale
    return weights, float(model.intercept_[0] - weights @ middle)


def _least_odds(odds: NDArray[np.float64], labels: NDArray[np.bool_]) -> float:
    """The least odds from which on `PRECISION` of what links is right; the most where that is never so."""
    order = np.argsort(-odds, kind="stable")
    precision = labels[order].cumsum() / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= PRECISION)
    return float(odds[order[good[-1] if len(good) else 0]])
