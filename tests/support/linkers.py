"""Linkers for tests: over the shipped catalogue, and over a few entities."""

from __future__ import annotations

from functools import cache

from squall.core.config.entities import EntitySettings
from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.entity import Entity, Listing
from squall.entities.linking.link import Link, Role
from squall.entities.linking.linker import Linker


@cache
def shipped() -> Linker:
    """The linker that users have."""
    return Linker(Catalogue.open(EntitySettings()))


def company(name: str, *aliases: str, ticker: str = "", size: int = 4) -> Entity:
    """A company with a ticker of the United States."""
    slug = name.lower().replace(" ", "-")
    return Entity(f"company:{slug}", EntityKind.COMPANY, name, aliases, listings=(Listing(ticker),) if ticker else (), size=size)


def linker_of(*entities: Entity) -> Linker:
    """A linker that knows these only."""
    return Linker(Catalogue(entities))


def linked(text: str, **options: object) -> list[tuple[str, str]]:
    """(what the text says, main ticker or id) of the subjects that the shipped linker finds."""
    return [
        (text[link.start : link.end], link.symbols[0] if link.symbols else link.entity)
        for link in shipped().link(text, **options)  # type: ignore[arg-type]
        if link.role is Role.SUBJECT
    ]


def roles_in(text: str) -> dict[str, Role]:
    """What the text says → the role of the entity."""
    return {text[link.start : link.end]: link.role for link in shipped().link(text)}


def by_name(links: list[Link]) -> dict[str, Link]:
    """Id of the entity → its first link."""
    return {link.entity: link for link in links if link.first}
