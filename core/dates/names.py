"""The names of months, days and halves of the day in the languages of the news, from CLDR."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Final

from babel import Locale, UnknownLocaleError

_CODES: Final = (
    "en de fr es it pt nl sv da nb nn fi is pl cs sk hu ro bg hr sr sl el tr ru uk be lt lv et he ar fa hi bn ta te ur id ms vi th"
    " ja ko zh ca eu gl ga cy af sq mk sw ka hy az kk uz"
)
LANGUAGES: Final = tuple(_CODES.split())
"""A word that only one of them knows needs no language to be understood."""
_VARIANTS: Final = {"sept": 9, "febr": 2}
"""Common short forms of English months that CLDR does not list."""
_DAY_VARIANTS: Final = {"tues": 1, "weds": 2, "thur": 3, "thurs": 3}
_LONGEST: Final = 40


@dataclass(slots=True)
class Meaning:
    """What a word can mean: months (1 to 12), days of the week (0 to 6), the first (0) or second (1) half of the day."""

    months: set[int] = field(default_factory=set)
    weekdays: set[int] = field(default_factory=set)
    halves: set[int] = field(default_factory=set)


def plain_word(word: str) -> str:
    """Return `word` as the tables hold it: folded, without dots, spaces and apostrophes."""
    return "".join(each for each in unicodedata.normalize("NFKC", word).casefold() if each not in ".'’ \u200e\u200f")


@lru_cache(maxsize=4096)
def meaning(word: str, language: str) -> Meaning:
    """Return what `word` means: in `language` if that knows it, else in English, else in any language.

    Args:
        word: of a date, in any case, with or without dots.
        language: a code such as `de` or `pt-BR`; empty or unknown: not known.
    """
    key = plain_word(word[:_LONGEST])
    return _names(language_code(language)).get(key) or _names("en").get(key) or meaning_anywhere(word)


@lru_cache(maxsize=4096)
def meaning_anywhere(word: str) -> Meaning:
    """Return what `word` can mean in any language: `mar` is a month, and in Spanish a day of the week."""
    return _all_names().get(plain_word(word[:_LONGEST])) or Meaning()


def language_code(language: str) -> str:
    """Return `pt` for `pt-BR` or `PT_br`; empty if it is none."""
    code = language[:20].replace("_", "-").split("-")[0].strip().lower()
    return code if code.isascii() and code.isalpha() and 2 <= len(code) <= 3 and code != "und" else ""


@cache
def _all_names() -> dict[str, Meaning]:
    joined: dict[str, Meaning] = {}
    for language in LANGUAGES:
        for word, own in _names(language).items():
            if len(word) == 1 and word.isascii():
                continue  # Hungarian "H" is Monday in a Hungarian text only
            one = joined.setdefault(word, Meaning())
            one.months |= own.months
            one.halves |= own.halves
            one.weekdays |= own.weekdays
    return joined


@lru_cache(maxsize=len(LANGUAGES) + 64)
def _names(language: str) -> dict[str, Meaning]:
    """Return the words of one language; none of a language that CLDR does not have."""
    if not language:
        return {}
    try:
        locale = Locale.parse(language)
    except (ValueError, UnknownLocaleError):
        return {}
    words: dict[str, Meaning] = {}

    def add(name: str) -> list[Meaning]:
        plain = plain_word(name)
        bare = "".join(each for each in unicodedata.normalize("NFD", plain) if not unicodedata.combining(each))
        forms = {plain, bare} if bare.isascii() else {plain}  # "fevrier" too, but no Hindi without its vowels
        return [words.setdefault(form, Meaning()) for form in forms if _is_word(form)]

    for context in ("format", "stand-alone"):
        for width in ("abbreviated", "wide"):
            for month, name in locale.months[context][width].items():
                for one in add(name.removeprefix("de ").removeprefix("d’").removeprefix("d'")):  # Catalan: "de març"
                    one.months.add(month)
            for day, name in locale.days[context][width].items():
                for one in (one for part in {name, *name.replace("-", " ").split()} for one in add(part)):  # "quinta-feira"
                    one.weekdays.add(day)
            for half, period in enumerate(("am", "pm")):
                for one in add(locale.day_periods.get(context, {}).get(width, {}).get(period, "")):
                    one.halves.add(half)
    if language == "en":
        for word, month in _VARIANTS.items():
            words[word] = Meaning({month})
        for word, day in _DAY_VARIANTS.items():
            words[word] = Meaning(weekdays={day})
    return words


def _is_word(form: str) -> bool:
    """Return whether `form` is a word: `3月` is not."""
    return bool(form) and not any(each.isdigit() for each in form)
