"""Text → links to entities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from squall.core.records import MOST_MENTIONS
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.entity import Entity
from squall.entities.linking.candidates import Candidate, name_candidates, standing
from squall.entities.linking.dictionary import Dictionary
from squall.entities.linking.folding import Folded, fold
from squall.entities.linking.found.candidates import found_candidates
from squall.entities.linking.found.known import KnownNames
from squall.entities.linking.found.names import PREFIX, found_entity
from squall.entities.linking.link import Link, Role
from squall.entities.linking.network_spans import Chance, NetworkSpans
from squall.entities.linking.relevance import is_aside, relevance, title_end
from squall.entities.linking.roles.credits import Credits
from squall.entities.linking.roles.roles import roles
from squall.entities.linking.ticker_candidates import confirmed, ticker_candidates
from squall.entities.linking.tickers import ticker_forms

RULES: Final = 2
"""Raise it when rules, odds or lists of words change what is found: `squall entities backfill` reads what was stored before again."""


class Linker:
    """Finds the names and tickers of a text and decides whom they mean. Immutable, deterministic, safe to share between threads.

    Args:
        catalogue: the entities that are known.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.version = f"{catalogue.version}-{RULES}"
        """Of the entities that are known and the rules by which they are found."""
        self._dictionary = Dictionary(catalogue)
        self._known = KnownNames(catalogue, self._dictionary)

    def link(
        self,
        text: str,
        *,
        title_length: int = 0,
        names: Iterable[tuple[int, int, str]] = (),
        names_within: Sequence[tuple[int, int]] = (),
        chances: Sequence[Chance] = (),
        symbols: Iterable[str] = (),
    ) -> list[Link]:
        """Return the links of `text`, sorted by start, not overlapping, at most `MOST_MENTIONS`.

        Every link has its role; only those with `Role.SUBJECT` are what the text is about. Takes time in proportion to the text and to
        the names in it.

        Args:
            text: what offsets count in.
            title_length: how many characters of it are the title; 0: not known, the first line or sentence.
            names: (start, end, label) from the network, with the labels ORG, PER, LOC, MISC. Organisations, people and places that the
                catalogue lacks become entities of their own.
            names_within: the places in which the network looked for names, sorted, apart; none: it was not asked, or has no head for them.
            chances: (start, end, that it is of an organisation, that it goes on with the name of the token before) of each token that the
                network read, as probabilities; without them, its spans count as nearly sure.
            symbols: tickers of the document.
        """
        folded = fold(text)
        spans = NetworkSpans(text, names, names_within, chances)
        matches = self._dictionary.matches(folded)
        forms = ticker_forms(text)
        if not matches and not forms and not spans:
            return []
        tickers = ticker_candidates(text, folded, forms, self._catalogue)
        certain = {ticker.candidate.entity.id: ticker.candidate.entity for ticker in tickers if ticker.certain}
        candidates = name_candidates(text, folded, matches, spans, frozenset(symbols), certain)
        credits = Credits(text)
        found_by_network = found_candidates(text, folded, spans, self._known, candidates, credits) if spans else []
        candidates = confirmed(text, candidates, found_by_network, tickers)
        found = standing(credits.without(candidates), len(text))
        return self._links(text, folded, found, title_length) if found else []

    def scan(self, text: str) -> int:
        """Return how many forms of names the dictionary finds in `text`, before any is weighed: what its pass alone costs."""
        return len(self._dictionary.matches(fold(text)))

    def named(self, name: str) -> Entity:
        """Return the entity that a name, ticker or id means which the caller gives; one of its own where no table knows it.

        Raises:
            ValueError: the name holds no letter or digit.
        """
        by_id = self._catalogue.by_id(name.strip())
        if by_id is not None:
            return by_id
        known = self._known.of(name)
        if known:
            return known[0]
        if name.strip():
            by_symbol = self._catalogue.by_symbol(name) if name.strip().lstrip("$").isupper() else None
            if by_symbol is not None:
                return by_symbol
        entity = found_entity(name.strip().removeprefix(PREFIX))
        if entity is None:
            raise ValueError(f"{name[:50]!r} is no name: it needs two letters or digits")
        return entity

    def _links(self, text: str, folded: Folded, found: list[Candidate], title_length: int) -> list[Link]:
        parts = roles(folded.text, found)
        occurrences = [
            (candidate.entity.id, candidate.start, is_aside(text, candidate.start, candidate.place.before))
            for candidate, role in zip(found, parts, strict=True)
            if role is Role.SUBJECT
        ]
        shares = relevance(occurrences, title_end(text, title_length), len(text))
        seen: set[str] = set()
        links = []
        for candidate, role in zip(found[:MOST_MENTIONS], parts, strict=False):
            entity = candidate.entity
            first = entity.id not in seen
            seen.add(entity.id)
            links.append(
                Link(
                    *(entity.id, entity.kind, entity.name, entity.symbols, candidate.start, candidate.end, first),
                    *(shares.get(entity.id, 0.0), role),
                )
            )
        return links
