"""A link from a place in a text to an entity, and the part the entity plays there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from squall.core.records import EntityKind


class Role(StrEnum):
    """What an entity does in a text; only subjects become mentions."""

    SUBJECT = "subject"
    RATER = "rater"
    """A broker, rating agency, research house, short seller or analyst that judges others: Goldman in "Goldman cuts Valeant to sell"."""
    LAW_FIRM = "law firm"
    """A firm that solicits shareholders, or that advises, represents or examines another: Jones Day in "Jones Day advised Tesla"."""
    SOLICITATION = "solicitation"
    """A company whose shareholders a law firm solicits: the text is an advertisement, not news of the company."""
    EXCHANGE = "exchange"
    """A place where something is traded: NYSE in "NYSE-listed", "NYSE to delist Tesla"."""
    HOST = "host"
    """A house at whose conference another presents: Citi in "Tesla presents at Citi technology conference"."""
    LISTING = "listing"
    """One of many names with a figure each, in a list of prices."""
    AUTHOR = "author"
    """Who tells it: Reuters in "… - Reuters", Bloomberg in "Bloomberg reports", Jane Doe, whom no table knows, in "…, says Jane Doe"."""


@dataclass(frozen=True, slots=True)
class Link:
    """One occurrence of a name or ticker.

    Args:
        entity: id: `company:apple-inc`, or `found:lehman-brothers` for a name that the catalogue lacks.
        kind: of the entity.
        name: as users see it.
        symbols: tickers of the entity, the main one first.
        start: offset of the first character in the text as given.
        end: offset after the last.
        first: whether it is the entity's first occurrence among the links.
        relevance: how much the text is about the entity, in [0, 1], as `squall.entities.linking.relevance` says; the same for all its
            occurrences; 0 where it is no subject.
        role: of the entity in the whole text; the same for all its occurrences.
    """

    entity: str
    kind: EntityKind
    name: str
    symbols: tuple[str, ...]
    start: int
    end: int
    first: bool
    relevance: float
    role: Role
