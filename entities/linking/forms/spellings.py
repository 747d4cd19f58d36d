"""How texts spell a name: `&` or "and", initials with and without dots, dropped apostrophes, usual abbreviations."""

from __future__ import annotations

from collections.abc import Iterator

from squall.entities.linking.folding import fold_name
from squall.entities.scripts import is_syllabic

MOST_WORDS = 12
"""Longer names are not looked for: no text writes them out."""
_LEAST_JOINED = 3
"""Of "AT&T" people write "ATT"; of "M&T" nobody writes "MT"."""
_MOST_DOTTED = 5
_ABBREVIATIONS = {
    "pharmaceuticals": ("pharma", "pharm", "pharmaceutical"),
    "pharmaceutical": ("pharma", "pharm"),
    "therapeutics": ("thera",),
    "biopharmaceuticals": ("biopharma",),
    "biopharmaceutical": ("biopharma",),
    "technologies": ("tech", "technology"),
    "technology": ("tech",),
    "international": ("intl", "int l"),
    "communications": ("comm",),
    "industries": ("industrial",),
    "bancshares": ("bancorp",),
    "manufacturing": ("mfg",),
    "laboratories": ("labs",),
    "entertainment": ("ent",),
    "brothers": ("bros",),
    "restaurants": ("restaurant",),
    "properties": ("property",),
    "motors": ("motor",),
    "airlines": ("air",),
    "financial": ("finl", "fin"),
    "corporation": ("corp",),
    "company": ("co",),
    "companies": ("cos",),
    "holdings": ("hldgs",),
    "resources": ("res",),
}
"""Last words, and how headlines shorten them."""


def spellings(name: str) -> tuple[str, ...]:
    """Return the folded forms of `name` that texts use, the name's own first; empty where it is no name (nothing but signs, too long)."""
    own = fold_name(name)
    words = own.split()
    if not words or sum(not is_syllabic(word) for word in words) > MOST_WORDS or not any(c.isalnum() for c in own):
        return ()
    forms = dict.fromkeys((own, " ".join(words), " ".join(_joined_initials(words))))
    if len(words) > 1 and len(words[0]) in {2, 3} and words[0].isalpha() and name[: len(words[0])].isupper():
        forms.update(dict.fromkeys(_dotted_initials(words)))
    if "'" in name or "’" in name:
        forms.update(dict.fromkeys((fold_name(name.replace("'", "").replace("’", "")),)))
    for form in tuple(forms):
        if "&" in form or " and " in form:
            forms.update(dict.fromkeys(_ampersands(form)))
    return tuple(form for form in forms if form)


def spelled(name: str) -> tuple[str, ...]:
    """Return the form of an abbreviation with a dot after each letter, as it folds: "R.I.M."; none where `name` is no abbreviation."""
    if not 2 <= len(name) <= _MOST_DOTTED or not (name.isascii() and name.isalpha() and name.isupper()):
        return ()
    return (" ".join(name.lower()),)


def abbreviated(words: tuple[str, ...]) -> Iterator[str]:
    """Yield the forms of a name of several words in which the last one is shortened as in headlines."""
    if len(words) > 1:
        for short in _ABBREVIATIONS.get(words[-1], ()):
            yield " ".join((*words[:-1], short))


def _joined_initials(words: list[str]) -> list[str]:
    """`j p morgan` → `jp morgan`; a single letter by itself stays."""
    joined: list[str] = []
    run = ""
    for word in (*words, ""):
        if len(word) == 1 and word.islower():  # not a Chinese character
            run += word
            continue
        if run:
            joined.append(run)
            run = ""
        if word:
            joined.append(word)
    return joined


def _dotted_initials(words: list[str]) -> Iterator[str]:
    """`dr horton` → as "D.R. Horton" and "D. R. Horton" fold."""
    rest = " ".join(words[1:])
    yield f"{' '.join(words[0])}  {rest}"
    yield f"{'  '.join(words[0])}  {rest}"


def _ampersands(form: str) -> Iterator[str]:
    yield form.replace(" & ", " and ")
    yield form.replace(" and ", " & ")
    if " & " in form:
        yield form.replace(" & ", "&")
        yield " ".join(form.replace("&", " ").split())
    elif "&" in form:
        yield form.replace("&", " & ")
        yield form.replace("&", " and ")
        if len(form) > _LEAST_JOINED:
            yield form.replace("&", "")
