"""Which posts of a stream are wanted: by words, cashtags and names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Final

import ahocorasick_rs
from pydantic import Field, StrictBool, field_validator

from squall.core import text as texts
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.source_type import SourceOptions

FindEntities = Callable[[str], Collection[str]]
"""Returns the ids of the entities that a text is about."""

_SHORTEST_KEYWORD: Final = 2


class FilterOptions(SourceOptions):
    """What a post must have to be read; it is wanted if it has any of these, and one of the languages if there are any."""

    keywords: tuple[str, ...] = Field((), description="words and phrases, in any case; `bankrupt*` also means the words that begin so")
    cashtags: StrictBool | tuple[str, ...] = Field(False, description="true: any `$TICKER`; or a list of tickers")
    companies: StrictBool | tuple[str, ...] = Field(
        False, description="true: any company that the catalogue knows; or a list of entity ids"
    )
    languages: tuple[str, ...] = Field((), description="codes that a post must declare one of; none: any language")

    @field_validator("keywords")
    @classmethod
    def _long_enough(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for keyword in value:
            bare = keyword.strip().removesuffix("*").strip()
            if len(bare) < _SHORTEST_KEYWORD or "*" in bare:
                raise ValueError(f"{keyword!r} is no keyword: it needs {_SHORTEST_KEYWORD} characters, and a * only at its end")
        return tuple(" ".join(keyword.split()) for keyword in value)

    @property
    def chooses(self) -> bool:
        """Whether anything but a language is asked for."""
        return bool(self.keywords or self.cashtags or self.companies)


def entity_finder(context: SourceContext) -> FindEntities:
    """Return what finds whom a text is about; the names are loaded at the first text."""

    def find(text: str) -> Collection[str]:
        return {link.entity for link in context.linker().link(text) if link.relevance > 0}

    return find


class TextFilter:
    """Decides whether a post is wanted, the cheapest questions first. Immutable, safe to share between threads.

    Args:
        options: what is wanted; with nothing but languages, every post in one of them is.
        find_entities: asked where `companies` is set.
    """

    def __init__(self, options: FilterOptions, find_entities: FindEntities) -> None:
        self._everything = not options.chooses
        self._languages = frozenset(_language(code) for code in options.languages)
        folded = [keyword.casefold() for keyword in options.keywords]
        self._open_ended = [keyword.endswith("*") for keyword in folded]
        patterns = [keyword.removesuffix("*").rstrip() for keyword in folded]
        self._keywords = ahocorasick_rs.AhoCorasick(patterns) if patterns else None
        self._any_cashtag = options.cashtags is True
        self._cashtags = frozenset(_tickers(options.cashtags)) if isinstance(options.cashtags, tuple) else frozenset()
        self._any_company = options.companies is True
        self._companies = frozenset(options.companies) if isinstance(options.companies, tuple) else frozenset()
        self._find_entities = find_entities if options.companies else None

    def wants_language(self, languages: Iterable[str]) -> bool:
        """Return whether one of the declared `languages` is asked for; `en-GB` counts as `en`."""
        return not self._languages or any(_language(code) in self._languages for code in languages)

    def wants(self, text: str) -> bool:
        """Return whether `text` has a keyword, cashtag or company that is asked for."""
        return self._everything or self._has_cashtag(text) or self._has_keyword(text) or self._has_company(text)

    def _has_cashtag(self, text: str) -> bool:
        if not (self._any_cashtag or self._cashtags) or "$" not in text:
            return False
        found = texts.cashtags(text)
        return bool(found) if self._any_cashtag else not self._cashtags.isdisjoint(found)

    def _has_keyword(self, text: str) -> bool:
        if self._keywords is None:
            return False
        folded = " ".join(text.casefold().split())
        return any(
            not (start and _is_word(folded[start - 1]) and _is_word(folded[start]))
            and (self._open_ended[which] or end == len(folded) or not (_is_word(folded[end]) and _is_word(folded[end - 1])))
            for which, start, end in self._keywords.find_matches_as_indexes(folded, overlapping=True)
        )

    def _has_company(self, text: str) -> bool:
        if self._find_entities is None:
            return False
        found = self._find_entities(text)
        if self._any_company:
            return any(entity.startswith("company:") for entity in found)
        return not self._companies.isdisjoint(found)


def _is_word(character: str) -> bool:
    """Return whether a word goes on with the character; Chinese, Japanese and Thai put nothing between words."""
    return (character.isalnum() or character == "_") and not ("\u2e80" <= character <= "\u9fff" or "\u0e00" <= character <= "\u0e7f")


def _language(code: str) -> str:
    return code.replace("_", "-").partition("-")[0].lower()


def _tickers(listed: Iterable[str]) -> Iterable[str]:
    return (ticker.strip().lstrip("$").upper() for ticker in listed)
