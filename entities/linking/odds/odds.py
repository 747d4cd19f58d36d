"""The odds that an ordinary word names a company where it stands: a logistic regression (Berkson 1944) on the features.

Fitted on texts read by hand, `entities/labelled/word_names.jsonl`, by `squall entities fit`; the weights are in
`entities/data/word_odds.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from squall.core.records import EntityKind
from squall.entities.entity import Entity
from squall.entities.linking.evidence import Evidence, is_fixed_phrase
from squall.entities.linking.forms.table import Form
from squall.entities.linking.network_spans import NetworkSays
from squall.entities.linking.odds.features import NETWORK_FEATURES, TEXT_FEATURES, network_features, text_features
from squall.entities.linking.place import Place

WEIGHTS_FILE: Final = Path(__file__).parents[2] / "data" / "word_odds.toml"
LEAST_LETTERS: Final = -5.0
"""Where the letters say less, the rules decide: a small word in a title, a word that never names a company by itself."""


class Weights(NamedTuple):
    """Of one regression.

    Args:
        bias: added to every sum, so that a sum of zero links.
        weights: in the order of the features.
    """

    bias: float
    weights: Sequence[float]


@cache
def shipped_weights() -> tuple[Weights, Weights]:
    """Return the weights for texts that the network has read, and for those that it has not."""
    tables = tomllib.loads(WEIGHTS_FILE.read_text(encoding="utf-8"))
    read, unread = tables["with_network"], tables["without_network"]
    names = (*TEXT_FEATURES, *NETWORK_FEATURES)
    return (
        Weights(read["bias"], tuple(read["weights"][name] for name in names)),
        Weights(unread["bias"], tuple(unread["weights"][name] for name in TEXT_FEATURES)),
    )


def decides(form: Form, kind: EntityKind, place: Place, evidence: Evidence) -> bool:
    """Whether the odds decide on a form at a place: an ordinary word, or several, that is a company's name and may be one there."""
    if kind is not EntityKind.COMPANY or not form.common or form.is_number or form.is_spelled:
        return False
    return evidence.letters > LEAST_LETTERS and not is_fixed_phrase(form, place)


def odds(form: Form, entity: Entity, place: Place, evidence: Evidence, tagged: bool, said: NetworkSays | None) -> float:
    """Return the logarithm of the odds that a form names a company at a place, less what it takes to link.

    Args:
        form: that stands there.
        entity: the company that it would mean.
        place: where.
        evidence: what the rules say.
        tagged: whether a ticker in the text or of the document is the company's.
        said: of the network; None: it has not read the place.
    """
    read, unread = shipped_weights()
    features = text_features(form, entity, place, evidence, tagged)
    bias, weights = unread
    if said is not None:
        features += network_features(said)
        bias, weights = read
    return bias + sum(feature * weight for feature, weight in zip(features, weights, strict=True))
