"""What is known of a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from squall.core.records import EntityKind


class Listing(NamedTuple):
    """A ticker.

    Args:
        ticker: as the exchange writes it: `AAPL`, `BRK.B`.
        exchange: suffix in the style of Yahoo and Reuters (`L`, `DE`, `NS`); empty: the United States.
    """

    ticker: str
    exchange: str = ""

    def __str__(self) -> str:
        return f"{self.ticker}.{self.exchange}" if self.exchange else self.ticker


@dataclass(frozen=True, slots=True)
class Entity:
    """A company, or another name that a risk desk watches.

    Args:
        id: stable and readable: `company:apple-inc`.
        kind: what it is.
        name: as users see it.
        aliases: other names and short forms in text, without `name`: "VW", "JPMorgan".
        former_names: names it had before; linked like aliases.
        listings: tickers, the main one first.
        sector: GICS sector; empty: unknown.
        industry: GICS industry.
        country: id of a country's entity; empty: unknown.
        parent: id of the company that owns it; empty: none, or unknown.
        size: 0 (unknown) to 6 (mega), from market capitalisation; for importance and to decide between companies of one name.
    """

    id: str
    kind: EntityKind
    name: str
    aliases: tuple[str, ...] = ()
    former_names: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()
    sector: str = ""
    industry: str = ""
    country: str = ""
    parent: str = ""
    size: int = 0

    @property
    def symbols(self) -> tuple[str, ...]:
        """The listings as text, the main one first."""
        return tuple(map(str, self.listings))
