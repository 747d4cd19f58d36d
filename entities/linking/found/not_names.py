"""What the network takes for a name although it is none: legal forms alone, wire codes, dates, numbers, ordinary words."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Final

from squall.entities.catalogue.common_words import adjectives, is_common
from squall.entities.linking import vocabulary
from squall.entities.linking.folding import fold_name
from squall.entities.linking.odds.usage import is_written_small
from squall.entities.names import is_legal_form

WORDS_FILE: Final = Path(__file__).parents[2] / "data" / "not_names.toml"
_LISTS: Final = tomllib.loads(WORDS_FILE.read_text(encoding="utf-8"))
NO_NAMES: Final = frozenset(word for words in _LISTS.values() for word in words.split())
PARTICLES: Final = frozenset(("a", "an", "the", "of", "and", "&", "in", "on", "at", "for", "by", "or", "to", "with", "from", "as", "is"))
"""Words that neither begin nor end a name that the network found."""
_LEAST: Final = 3
"""A name of fewer letters and digits that no table knows can be anything."""
_PERIOD: Final = re.compile(r"(?:fy|cy|q|h|f)\d{1,4}|\d+[a-z]{0,3}|(?:a{1,2}|b|ba{1,2}|caa)\d|aaa|bbb?|ccc?|baa|caa")
"""`q3`, `fy12`, `2014`, `3rd`, `10bn`; grades of debt: `bbb`, `aa3`."""
_CODE_LENGTH: Final = 7
_CODE_CHANGES: Final = 3
"""From so many changes between letters and digits on, a word is a number of an item: `NL1N2YS01R`."""
_GENERAL: Final = vocabulary.LEGAL_FORMS | vocabulary.DESCRIPTORS | vocabulary.ORDINARY | NO_NAMES | PARTICLES | vocabulary.MODIFIERS


def is_no_name(name: str) -> bool:
    """Whether `name`, which no table knows, is of a class that names nobody, wherever it stands.

    Bare legal forms and general words ("Group", "Bank", "Energy Holdings", "the Company"), wire codes, dates, units and numbers, adjectives
    of countries, item numbers, and what has fewer than three letters and digits.
    """
    folded = fold_name(name)
    words = folded.split()
    if sum(map(len, words)) < _LEAST or folded in NO_NAMES or is_legal_form(name):
        return True
    if all(word in _GENERAL or _PERIOD.fullmatch(word) or len(word) == 1 for word in words):
        return True
    return len(words) == 1 and (folded in adjectives() or folded in vocabulary.NOT_ALONE or _is_code(folded))


def is_ordinary(name: str) -> bool:
    """Whether `name` is one ordinary word, listed or often written small: a name only where the words around it say so."""
    folded = fold_name(name)
    return " " not in folded and (is_common(name) or is_written_small(folded))


def _is_code(word: str) -> bool:
    return len(word) >= _CODE_LENGTH and sum(a.isdecimal() != b.isdecimal() for a, b in pairwise(word)) >= _CODE_CHANGES
