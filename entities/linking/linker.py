"""Text → links to entities."""

from __future__ import annotations

from collections.abc import Iterable

from squall.core.records import MOST_MENTIONS, EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.entity import Entity
from squall.entities.linking.candidates import Candidate, name_candidates, standing
from squall.entities.linking.dictionary import Dictionary
from squall.entities.linking.folding import Folded, fold, fold_name
from squall.entities.linking.found_names import bare_name, found_entity, found_spans
from squall.entities.linking.link import Link, Role
from squall.entities.linking.network_spans import NetworkSpans
from squall.entities.linking.place import place_of
from squall.entities.linking.relevance import is_aside, relevance, title_end
from squall.entities.linking.roles.credits import without_credits
from squall.entities.linking.roles.roles import roles
from squall.entities.linking.ticker_candidates import confirmed, ticker_candidates
from squall.entities.linking.tickers import ticker_forms

_FOUND_POINTS = 0.0
"""A name that only the network knows stands wherever nothing better does."""


class Linker:
    """Finds the names and tickers of a text and decides whom they mean. Immutable, deterministic, safe to share between threads.

    Args:
        catalogue: the entities that are known.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.version = catalogue.version
        """Of the entities that are known."""
        self._dictionary = Dictionary(catalogue)

    def link(
        self,
        text: str,
        *,
        title_length: int = 0,
        names: Iterable[tuple[int, int, str]] = (),
        names_until: int = 0,
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
            names_until: the offset up to which the network looked for names; 0: it was not asked, or has no head for them.
            symbols: tickers of the document.
        """
        folded = fold(text)
        spans = NetworkSpans(text, names, names_until)
        matches = self._dictionary.matches(folded)
        forms = ticker_forms(text)
        if not matches and not forms and not spans:
            return []
        tickers = ticker_candidates(text, folded, forms, self._catalogue)
        certain = frozenset(ticker.candidate.entity.id for ticker in tickers if ticker.certain)
        candidates = name_candidates(text, folded, matches, spans, frozenset(symbols), certain)
        if tickers:
            candidates = confirmed(text, folded, candidates, tickers, spans)
        if spans:
            candidates += self._found(text, folded, spans)
        found = standing(without_credits(text, candidates), len(text))
        return self._links(text, folded, found, title_length) if found else []

    def scan(self, text: str) -> int:
        """Return how many forms of names the dictionary finds in `text`, before any is weighed: what its pass alone costs."""
        return len(self._dictionary.matches(fold(text)))

    def named(self, name: str) -> Entity:
        """Return the entity that a name or ticker means which the caller gives; one of its own where no table knows it.

        Raises:
            ValueError: the name holds no letter or digit.
        """
        bare = bare_name(name)
        known = self._dictionary.form(fold_name(name)) or self._dictionary.form(fold_name(bare))
        if known is not None:
            return known.entities[0]
        if name.strip():
            by_symbol = self._catalogue.by_symbol(name) if name.strip().lstrip("$").isupper() else None
            if by_symbol is not None:
                return by_symbol
        entity = found_entity(name)
        if entity is None:
            raise ValueError(f"{name[:50]!r} is no name: it needs two letters or digits")
        return entity

    def _found(self, text: str, folded: Folded, spans: NetworkSpans) -> list[Candidate]:
        """Names that the network found; one that the dictionary has goes to its entity."""
        result = []
        for start, end, entity in found_spans(text, spans.spans):
            form = self._dictionary.form(fold_name(text[start:end]))
            known = next((other for other in form.entities if _may_be(other.kind, entity.kind)), None) if form else None
            place = place_of(text, folded.text, start, end, *folded.position(start, end))
            result.append(Candidate(start, end, known or entity, _FOUND_POINTS, place))
        return result

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


def _may_be(known: EntityKind, found: EntityKind) -> bool:
    """Whether a name of the catalogue's kind can be what the network calls an organisation, a person, a place."""
    if found is EntityKind.PERSON:
        return known is EntityKind.PERSON
    if found is EntityKind.PLACE:
        return known in {EntityKind.COUNTRY, EntityKind.PLACE}
    return known not in {EntityKind.PERSON, EntityKind.COUNTRY, EntityKind.PLACE}
