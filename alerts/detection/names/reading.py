"""What was found of a name at the publication of a document: how grave, how surprising, by which documents."""

from __future__ import annotations

from dataclasses import dataclass

from squall.alerts.detection.names.history import Said
from squall.core.records import EntityKind

_LONGEST_TICKER = 5
_ORGANISATIONS = {EntityKind.COMPANY, EntityKind.ORGANISATION}


@dataclass(frozen=True, slots=True)
class Name:
    """A name that is watched.

    Args:
        entity: its id.
        kind: what it stands for.
        name: as users see it.
        symbols: its tickers.
        size: 0 (unknown) to 6 (mega), of a company; -1: the catalogue lacks it.
    """

    entity: str
    kind: EntityKind
    name: str
    symbols: tuple[str, ...] = ()
    size: int = -1

    def fits_as_ticker(self, other: Name) -> bool:
        """Whether one of both may be a ticker of the other."""
        return self._may_be_ticker_of(other) or other._may_be_ticker_of(self)

    def _may_be_ticker_of(self, other: Name) -> bool:
        """Whether it is written as a ticker, and the letters are those of `other` in their order: `HUBK`, Harbor Union Bank.

        Only for names that the catalogue lacks: of others it knows the tickers.
        """
        if (
            self.size >= 0
            or other.size >= 0
            or not (self.name.isalpha() and self.name.isupper() and 2 <= len(self.name) <= _LONGEST_TICKER)
        ):
            return False
        letters = iter(other.name.upper())
        return other.name[:1].upper() == self.name[0] and len(other.name) > len(self.name) and all(one in letters for one in self.name)

    def may_be_short_for(self, other: Name) -> bool:
        """Whether `other` begins with all its words and goes on: `Harbor Union`, Harbor Union Bank.

        Only for organisations that the catalogue lacks: of others it knows the short forms.
        """
        if self.size >= 0 or other.size >= 0 or not {self.kind, other.kind} <= _ORGANISATIONS:
            return False
        words, longer = self.name.casefold().split(), other.name.casefold().split()
        return 0 < len(words) < len(longer) and longer[: len(words)] == words


@dataclass(frozen=True, slots=True)
class NameReading:
    """The evidence about a name at the end of a minute.

    Args:
        name: whom it is about.
        minute: since the epoch.
        score: what speaks for something grave, weighed by `squall.alerts.detection.names.weighing`.
        window: minutes of the window whose number of documents is least probable; half a day where one document speaks for itself.
        observed: adverse documents in it, at the level that was judged.
        expected: how many the name's past explains.
        p_value: the probability of so many, all looks counted; 1: nothing unusual.
        total: documents about the name in that window, of any severity.
        drivers: what was said in the last half day that is new and adverse, gravest first.
        document: id of the document that came; empty: not known any more.
    """

    name: Name
    minute: int
    score: float
    window: int
    observed: int
    expected: float
    p_value: float
    total: int
    drivers: tuple[Said, ...]
    document: str = ""

    @property
    def gravest(self) -> float:
        """The highest severity."""
        return self.drivers[0].severity if self.drivers else 0.0
