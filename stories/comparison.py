"""Are two headlines about the same? Cosine of their terms, names, numbers, time, and whether the headline recurs day after day."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final

from squall.stories.headline import Headline

TWIN: Final = 0.8
"""Cosine from which an earlier headline is a twin: a notice or column that comes every day."""
TWIN_AFTER_HOURS: Final = 18.0
"""From this age on a twin says that the headline recurs; copies of news come sooner."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two headlines, side by side.

    Args:
        cosine: of their terms, weighted by rarity, in [0, 1].
        containment: the weight of the terms in common, of that of the headline with less, in [0, 1].
        days: between their publications.
        numbers_differ: both have numbers with a unit, none in common.
        plain_numbers_differ: both have numbers without a unit (dates), none in common.
        names_shared: they have a name in common.
        names_differ: both have names, none in common.
        forms_differ: each has a form (`final results`) that the other lacks.
        recurs: how many twins of the later one there were on days before, at most 2.
    """

    cosine: float
    containment: float
    days: float
    numbers_differ: bool
    plain_numbers_differ: bool
    names_shared: bool
    names_differ: bool
    forms_differ: bool
    recurs: int

    def features(self) -> tuple[float, ...]:
        """As `WEIGHTS` weighs them."""
        return (
            self.cosine,
            self.containment,
            self.days,
            self.numbers_differ,
            self.plain_numbers_differ,
            self.names_shared,
            self.names_differ,
            self.forms_differ,
            self.recurs > 0,
            self.recurs > 1,
        )


SAME_STORY: Final = 0.35
"""Probability from which on two headlines are of one story."""
_LEAST_SCORE: Final = log(SAME_STORY / (1 - SAME_STORY))
_ROUNDING: Final = 1e-9
"""More than sums of these few numbers differ by the order in which they are added."""
Forms = frozenset[tuple[str, str]]

INTERCEPT: Final = -2.8
WEIGHTS: Final = (2.9, 3.0, -1.1, -1.0, -1.6, 0.75, -0.4, -0.9, -2.3, -1.5)
"""Of a logistic regression, rounded, on the 500 pairs of headlines that are for tuning (docs/stories.md)."""


def likeness_of(weights: dict[str, float], total: float, other: Headline, other_total: float) -> tuple[float, float]:
    """Return cosine and containment of two headlines.

    Args:
        weights: of the one's terms, squared.
        total: their sum.
        other: the other.
        other_total: the same sum of that one's terms, when it came.
    """
    shared = sum([weights[term] for term in other.terms if term in weights])
    if not shared:
        return 0.0, 0.0
    return min(1.0, shared / sqrt(total * other_total)), min(1.0, shared / min(total, other_total))


def likely_enough(cosine: float, containment: float, days: float = 0.0, recurs: int = 0) -> bool:
    """Whether two headlines can be of one story, if all that is not given speaks for it: most pairs need not be compared further."""
    score = INTERCEPT + WEIGHTS[0] * cosine + WEIGHTS[1] * containment + WEIGHTS[2] * days + WEIGHTS[5]
    if recurs:
        score += WEIGHTS[8] + (WEIGHTS[9] if recurs > 1 else 0.0)
    return score >= _LEAST_SCORE - _ROUNDING


def same_story(comparison: Comparison) -> float:
    """Return the probability that two headlines are of one story."""
    score = INTERCEPT + sum(weight * feature for weight, feature in zip(WEIGHTS, comparison.features(), strict=True))
    return 1 / (1 + exp(-score))


def compare(
    one: Headline, other: Headline, likeness: tuple[float, float], days: float, forms: tuple[Forms, Forms], recurs: int
) -> Comparison:
    """Put two headlines side by side; `likeness` is cosine and containment, `forms` are those of each."""
    plain, other_plain = one.plain_numbers, other.plain_numbers
    shared = not set(one.names).isdisjoint(other.names)
    return Comparison(
        *likeness,
        days=days,
        numbers_differ=bool(one.numbers and other.numbers) and one.numbers.isdisjoint(other.numbers),
        plain_numbers_differ=bool(plain and other_plain) and plain.isdisjoint(other_plain),
        names_shared=shared,
        names_differ=bool(one.names and other.names) and not shared,
        forms_differ=bool(forms[0] - forms[1] and forms[1] - forms[0]),
        recurs=recurs,
    )
