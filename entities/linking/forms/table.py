"""Forms in columns: a hundred thousand of them are loaded at once, and an object is made of the few that a text has."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from squall.entities.entity import Entity

_COMMON, _ACRONYM, _DERIVED = 1, 2, 4
MOST_OWNERS = 100
"""Entities of one form that a text can mean, the largest first: all of them are weighed wherever the form stands."""


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a name, folded.

    Args:
        text: without spaces around it.
        entities: whose name it is, the largest first; never empty, of a table at most `MOST_OWNERS`.
        words: how many.
        common: whether it is, or consists only of, ordinary words.
        acronym: whether names write it in capitals: "GE", "AIG".
        derived: whether it follows by rule (a beginning that no other name shares, a plural) and no table has it.
    """

    text: str
    entities: tuple[Entity, ...]
    words: int
    common: bool
    acronym: bool
    derived: bool

    @property
    def is_number(self) -> bool:
        """Whether it holds no letter: "111", "1 800"."""
        return not any(map(str.isalpha, self.text))

    @property
    def is_spelled(self) -> bool:
        """Whether it is letters one by one: "r i m", as "R.I.M." folds."""
        return self.words > 1 and len(self.text) == 2 * self.words - 1 and self.text.isascii() and self.text[::2].isalpha()


class FormColumns(NamedTuple):
    """Forms without their entities, by position.

    Args:
        texts: sorted, distinct.
        owners: places of the entities in their catalogue, the first first: a number where there is one, else a list.
        flags: a byte of each form: 1 common, 2 acronym, 4 derived, added up.
    """

    texts: list[str]
    owners: list[int | list[int]]
    flags: bytes


def columns_of(forms: Iterable[Form], entities: Iterable[Entity]) -> FormColumns:
    """Return `forms`, which are sorted by text, in columns.

    Args:
        forms: of entities among `entities`.
        entities: of the catalogue, in its order.
    """
    places = {entity.id: place for place, entity in enumerate(entities)}
    columns = FormColumns([], [], b"")
    flags = bytearray()
    for form in forms:
        owners = [places[entity.id] for entity in form.entities[:MOST_OWNERS]]
        columns.texts.append(form.text)
        columns.owners.append(owners[0] if len(owners) == 1 else owners)
        flags.append(form.common * _COMMON + form.acronym * _ACRONYM + form.derived * _DERIVED)
    return columns._replace(flags=bytes(flags))


class FormTable:
    """Forms by position, sorted by text. Immutable to its users, safe to share between threads: two may make one form twice, to equal ones.

    Args:
        columns: of all forms.
        entities: of the catalogue, in its order.
    """

    def __init__(self, columns: FormColumns, entities: Iterable[Entity]) -> None:
        self._columns = columns
        self._entities = tuple(entities)
        self._made: dict[int, Form] = {}

    @property
    def texts(self) -> Sequence[str]:
        """Of all forms, sorted."""
        return self._columns.texts

    def __len__(self) -> int:
        return len(self._columns.texts)

    def form(self, number: int) -> Form:
        """Return the form at a position."""
        form = self._made.get(number)
        if form is None:
            form = self._made[number] = self._make(number)
        return form

    def _make(self, number: int) -> Form:
        texts, owners, flags = self._columns
        text, places, flag = texts[number], owners[number], flags[number]
        entities = tuple(self._entities[place] for place in ((places,) if isinstance(places, int) else places))
        return Form(text, entities, text.count(" ") + 1, bool(flag & _COMMON), bool(flag & _ACRONYM), bool(flag & _DERIVED))

    def with_text(self, text: str) -> Form | None:
        """Return the form that a folded name is."""
        texts = self._columns.texts
        place = bisect_left(texts, text)
        return self.form(place) if place < len(texts) and texts[place] == text else None
