"""The language of a headline or a post: from its text where that is certain, else as its source says.

Two detectors have to agree before a text counts as foreign, because single ones take up to one English headline in twenty for another
language when it is three words long or full of names (docs/languages.md has the measurement). CLD2, which is asked first, is fast and ends
the matter for nearly all English texts; py3langid is asked about what CLD2 calls foreign.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from typing import Any, Final

import pycld2

UNKNOWN: Final = "und"
"""The code of ISO 639 for a language that is not determined."""
EVERY: Final = "*"
"""Among the languages that a model knows: it knows all."""

_CODES: Final = frozenset(code for _, code in pycld2.LANGUAGES) | {"nb", "nn", "he", "fil", "jv"}
"""A declared code that is not among them says nothing: `xx`, `mul`."""
_CHARACTERS: Final = 400
"""So much of a text is looked at: title and first sentences."""
_FEWEST_WORDS: Final = 3
"""Of a text in Latin script; below, a few names make another language."""
_LATIN_ENDS: Final = "\u036f"
_AGREED: Final = 0.01
"""Where both name the same language: highest probability, by py3langid, that it is one the model knows."""
_DISPUTED: Final = 0.003
"""Where they name different ones, such as Norwegian and Danish."""
_FEWEST_SMALL: Final = 2
"""So many words that are not capitalised say in which language the names stand."""
_ENGLISH: Final = frozenset({"and", "the", "with", "from", "its"})
"""No other language has these words: what stands around them are names."""
_OF_NAMES: Final = 0.0005
"""Where there are fewer of them: "Société Générale Shares Fall"."""
_NAMES: Final = {"iw": "he", "in": "id", "jw": "jv", "ji": "yi", "mo": "ro", "tl": "fil", "nb": "no", "nn": "no", "zh-Hant": "zh"}
"""Codes that name the same language, or one that short texts do not tell apart."""


def language_of(text: str, declared: str, known: Collection[str] = ("en",)) -> str:
    """Return the code of the language of `text`, which never raises whatever it holds.

    A certain answer from the text counts first, because accounts and feeds often declare the language of their software. A declared
    language that is not among the `known` is overruled only if both detectors read a known one; which unknown one it is, the source says.

    Args:
        text: title, then body; its beginning is looked at.
        declared: what the source says, `und` if nothing.
        known: codes of the languages that the model reads, or `*`.

    Returns:
        A code such as `en` or `de`; `declared`, if that is a language, where the text is not certain; else `und`.
    """
    if declared not in _CODES and declared not in known:
        declared = UNKNOWN
    words = _words(text)
    code = _first_opinion(words)
    if not words or code == UNKNOWN or _plain(code) == _plain(declared):
        return declared
    declared_foreign = declared != UNKNOWN and declared not in known and EVERY not in known
    if code in known:
        return declared if declared_foreign and _second_opinion(words)[0] != code else code
    if declared_foreign:
        return declared
    return code if _is_foreign(words, code, {"en", *known}) else declared


def _is_foreign(words: list[str], code: str, known: Collection[str]) -> bool:
    """Return whether py3langid, too, rules out that a text is in one of the `known` languages, which CLD2 takes for `code`."""
    latin = max(map(max, words)) <= _LATIN_ENDS
    if latin and len(words) < _FEWEST_WORDS:
        return False
    second, chances = _second_opinion(words)
    chance = sum(chances.get(each, 0.0) for each in known)
    if chance > (_AGREED if second == code else _DISPUTED):
        return False
    small = [word for word in words if word[0].islower()]
    if latin and "en" in known and not _ENGLISH.isdisjoint(small) and len(small) < len(words):
        return False
    if not latin or len(small) == len(words):
        return True
    if len(small) < _FEWEST_SMALL:
        return chance <= _OF_NAMES
    _, chances = _second_opinion(small)  # "Société Générale to cut 900 jobs": names are foreign in any language
    return sum(chances.get(each, 0.0) for each in known) <= _AGREED


def _plain(code: str) -> str:
    return _NAMES.get(code, code)


def _words(text: str) -> list[str]:
    """Return words without tags, names of accounts, tickers, numbers and links: these are the same in every language."""
    beginning = text[:_CHARACTERS]
    if not beginning.isprintable():
        beginning = "".join(character if character.isprintable() else " " for character in beginning)
    return [
        word for word in beginning.split() if word.isalpha() or (word[0] not in "$#@" and "://" not in word and any(map(str.isalpha, word)))
    ]


def _first_opinion(words: list[str]) -> str:
    """Return what CLD2 takes the text for, `und` where it is not sure."""
    try:
        reliable, _, found = pycld2.detect(" ".join(words), bestEffort=True)
    except pycld2.error:  # characters that it refuses
        return UNKNOWN
    code = _plain(found[0][1])
    return code if reliable and code.isalpha() and len(code) in {2, 3} and code != "un" else UNKNOWN


def _second_opinion(words: list[str]) -> tuple[str, dict[str, float]]:
    """Return what py3langid takes the text for, and the probability of each language."""
    ranked = _identifier().rank(" ".join(words))
    return _plain(ranked[0][0]), dict(ranked)


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """Load the model of py3langid, 1 s and 90 MB, with the first text that is foreign."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
