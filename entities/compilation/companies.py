"""Rows of the table of companies → entities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from squall.core.records import EntityKind
from squall.entities.compilation.repairs import repair_facts
from squall.entities.compilation.source_rows import SourceRow, brought_together, listings_of, read_rows, without_foreign_copies
from squall.entities.entity import Entity
from squall.entities.names import legal_short_form, name_key, short_forms, slug

_SMALL_WORDS = frozenset(["of", "the", "and", "for", "in", "on", "de", "la", "le", "del", "y", "e", "di", "da"])
_MOST_CAPITALS = 3
_VOWELS = frozenset("AEIOUY")
_SPOKEN = frozenset(
    word
    for line in (
        "AIR ART BAY BIG BOX CAR CAT DAY EAR EAT EYE FIT FOX GAS HOT ICE INC KEY LAB LAW MAX NEW NET",
        "OAK OIL OLD ONE OUR PAY PET RED SEA SKY SUN TAX TEN TOP TWO WAY",
    )
    for word in line.split()
)


def company_entities(path: Path) -> tuple[list[Entity], dict[str, str]]:
    """Read `companies.csv.gz`: its companies, distinct by id, and their ids by the SEC's number (CIK)."""
    source = read_rows(path)
    repair_facts(source)
    rows = brought_together(without_foreign_copies(source))
    taken: set[str] = set()
    entities = [_entity(row, taken) for row in rows]
    return entities, {cik: entity.id for row, entity in zip(rows, entities, strict=True) for cik in row.ciks}


def _entity(row: SourceRow, taken: set[str]) -> Entity:
    listings = listings_of(row)
    name, *aliases = surface_forms(row.all_names)
    return Entity(
        id=_free_id(row.name, [str(listing) for listing in listings], taken),
        kind=EntityKind.COMPANY,
        name=name,
        aliases=tuple(aliases),
        listings=listings,
        sector=row.sector,
        industry=row.industry if row.sector else "",
        country=f"country:{slug(row.country)}" if row.country else "",
        size=row.size,
    )


def surface_forms(names: Sequence[str]) -> list[str]:
    """Return the name to show, then the other forms: every name, its short forms; one of each key."""
    cased = [titled(name) for name in names]
    shown = legal_short_form(cased[0])
    forms: dict[str, str] = {name_key(shown): shown}
    for name in cased:
        for form in (name, *short_forms(name)):
            forms.setdefault(name_key(form), form)
    return [form for key, form in forms.items() if len(key) > 1]


def titled(name: str) -> str:
    """Return a name in capitals as people write it: "SOUTHSIDE BANCSHARES INC" → "Southside Bancshares Inc"; others unchanged."""
    words = name.split()
    if name.upper() != name or (len(words) == 1 and len(name) <= len("ADIDAS")):
        return name
    return " ".join(_titled_word(word, first=place == 0) for place, word in enumerate(words))


def _titled_word(word: str, *, first: bool) -> str:
    letters = "".join(filter(str.isalpha, word))
    if letters.lower() in _SMALL_WORDS and not first:
        return word.lower()
    if len(letters) <= _MOST_CAPITALS and letters not in _SPOKEN | {"INC", "LTD"}:
        return word if letters not in {"CO", "PLC"} else {"CO": "Co", "PLC": "plc"}[letters] + word[len(letters) :]
    if not _VOWELS & set(letters):
        return word
    return "-".join(part[:1] + part[1:].lower() for part in word.split("-"))


def _free_id(name: str, symbols: Iterable[str], taken: set[str]) -> str:
    """The id of a name; the second company of that name has its ticker in it, or else a number."""
    base = f"company:{slug(name)}"
    candidates = [base, *(f"{base}-{slug(symbol)}" for symbol in symbols), *(f"{base}-{number}" for number in range(2, 100))]
    free = next(candidate for candidate in candidates if candidate not in taken)
    taken.add(free)
    return free
