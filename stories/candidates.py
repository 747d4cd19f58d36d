"""Which earlier documents are worth a comparison, in bounded work: near-copies by MinHash, re-tellings by a rare term or name in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Generic, TypeVar

from rensa import RMinHash

from squall.stories.headline import Headline

Item = TypeVar("Item")
Key = TypeVar("Key")
Band = int
"""A hash, of 64 bits, of the first position in the signature and the values there: a third of the memory of the numbers themselves."""

SIGNATURE: Final = 32
BAND: Final = 4
"""Eight bands of four: a pair of Jaccard similarity 0.6 shares a band with probability 0.67, of 0.75 with 0.95, of 0.3 with 0.06."""
_SEED: Final = 29
_PER_BAND: Final = 8
_PER_TERM: Final = 24
_RAREST: Final = 5
"""So many terms of a headline are looked up, rarest first."""
MOST_CANDIDATES: Final = 14
_NAME: Final = "@"
_NAME_WEIGHT: Final = 25.0
"""A name in common counts as much as a term that every 150th document has,"""
_BAND_WEIGHT: Final = 60.0
"""and a band as much as one that every 2,000th has: near-copies come first."""


class Candidates(Generic[Item]):
    """Remembers, for each band and each term or name, the last documents that had it.

    What a document was found by is kept as long as the lists hold it: the owner ignores documents that it has dropped.
    """

    def __init__(self) -> None:
        self._bands: dict[Band, list[Item]] = {}  # lists: most have one document, and an empty deque takes 600 bytes
        self._terms: dict[str, list[Item]] = {}

    def __len__(self) -> int:
        """How many bands, terms and names are remembered."""
        return len(self._bands) + len(self._terms)

    def find(self, headline: Headline, bands: Iterable[Band], weights: Mapping[str, float]) -> list[Item]:
        """Return at most `MOST_CANDIDATES` documents, those with most in common first, of equals those that were added last.

        Args:
            headline: the one that comes.
            bands: its bands.
            weights: of its terms.
        """
        common: dict[Item, float] = {}
        for band in bands:
            for item in reversed(self._bands.get(band, ())):
                common[item] = common.get(item, 0.0) + _BAND_WEIGHT
        looked_up = [(term, weights[term]) for term in sorted(headline.terms, key=weights.__getitem__, reverse=True)[:_RAREST]]
        looked_up += [(_NAME + name, _NAME_WEIGHT) for name in headline.names]
        for key, weight in looked_up:
            for item in reversed(self._terms.get(key, ())):
                common[item] = common.get(item, 0.0) + weight
        return sorted(common, key=common.__getitem__, reverse=True)[:MOST_CANDIDATES]

    def add(self, item: Item, headline: Headline, bands: Iterable[Band]) -> None:
        """Remember `item`."""
        for band in bands:
            _add(self._bands, band, item, _PER_BAND)
        for key in _keys(headline):
            _add(self._terms, key, item, _PER_TERM)

    def remove_oldest(self, item: Item, headline: Headline, bands: Iterable[Band]) -> None:
        """Forget `item`, which of all that are remembered was added first."""
        for band in bands:
            _remove(self._bands, band, item)
        for key in _keys(headline):
            _remove(self._terms, key, item)


def bands_of(headline: Headline) -> tuple[Band, ...]:
    """Return the bands of the MinHash signature of its terms."""
    sketch = RMinHash(SIGNATURE, _SEED)
    sketch.update(headline.terms)
    signature = sketch.digest()
    return tuple(hash((start, *signature[start : start + BAND])) for start in range(0, SIGNATURE, BAND))


def _keys(headline: Headline) -> list[str]:
    return [*headline.terms, *(_NAME + name for name in headline.names)]


def _add(lists: dict[Key, list[Item]], key: Key, item: Item, most: int) -> None:
    held = lists.get(key)
    if held is None:
        lists[key] = [item]
        return
    if len(held) == most:
        del held[0]
    held.append(item)


def _remove(lists: dict[Key, list[Item]], key: Key, item: Item) -> None:
    held = lists.get(key)
    if held is None:
        return
    if held[0] is item:
        del held[0]
    if not held:
        del lists[key]
