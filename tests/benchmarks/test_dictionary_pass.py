"""The pass that finds names, beside what one would write without it: ratios of measurements of one run."""

from __future__ import annotations

import re
from collections.abc import Callable
from time import process_time

import pytest

from squall.core.config.entities import EntitySettings
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.linking.dictionary import Dictionary
from squall.entities.linking.folding import fold

pytestmark = pytest.mark.benchmark

HEADLINES = [
    "Volkswagen shares plunge as emissions scandal widens to more models",
    "Goldman upgrades Tesla to buy, raises price target after deliveries",
    "UPDATE 1-Shell to sell stake in Norwegian gas field for $1.2bn",
    "Oil slips as OPEC output climbs; Brent at three-week low",
    "Man held over stabbing as police widen their search of the suburb",
    "Apple's iPhone sales jump in China, says researcher",
]
FORMS_OF_REGEX = 2_000
"""Of the dictionary's forms a regular expression gets so many: with all of them one headline takes it a tenth of a second."""


def rate(function: Callable[[str], object], texts: list[str]) -> float:
    """Texts per second, the best of three runs that last long enough to be measured."""
    best = 0.0
    for _ in range(3):
        began, done = process_time(), 0
        while (spent := process_time() - began) < 0.1:
            for text in texts:
                function(text)
            done += len(texts)
        best = max(best, done / spent)
    return best


def test_all_forms_are_found_faster_than_a_regular_expression_finds_a_fiftieth_of_them() -> None:
    catalogue = Catalogue.open(EntitySettings())
    dictionary = Dictionary(catalogue)
    names = [name for entity in catalogue for name in catalogue.names(entity)][:FORMS_OF_REGEX]
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, sorted(names, key=len, reverse=True))) + r")\b", re.IGNORECASE)
    ours = rate(lambda text: dictionary.matches(fold(text)), HEADLINES)
    theirs = rate(pattern.findall, HEADLINES)
    print(f"\ndictionary of {len(dictionary):,} forms: {ours:,.0f} headlines/s; regular expression of {len(names):,}: {theirs:,.0f}")
    assert ours > 20 * theirs
