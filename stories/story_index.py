"""Which story each document belongs to, as documents come in the order of event time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from squall.stories.candidates import Band, Candidates, bands_of
from squall.stories.comparison import SAME_STORY, TWIN, TWIN_AFTER_HOURS, Comparison, compare, likely_enough, likeness_of, same_story
from squall.stories.headline import MOST_CHARACTERS, Headline, read_headline
from squall.stories.member import StoryMember, novelty
from squall.stories.moves import Moves
from squall.stories.rarity import Rarity
from squall.stories.state import Remembered
from squall.stories.story import HOUR_MS, Story

KEPT: Final = timedelta(days=7)
"""Older documents are swept."""
LINKED_WITHIN: Final = timedelta(days=3)
"""A document joins the story of one at most so far away."""
MOST_DOCUMENTS: Final = 250_000
"""Of more within `KEPT` the oldest are swept: some 0.8 GB."""
_DAY_MS: Final = 24 * HOUR_MS
_LINKED_DAYS: Final = LINKED_WITHIN / timedelta(days=1)
_TWIN_AFTER_MS: Final = TWIN_AFTER_HOURS * HOUR_MS
_KEPT_MS: Final = KEPT // timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A document that comes.

    Args:
        id: of the document.
        title: its headline, or its text where it has none.
        published_at: aware.
        names: ids of the entities it is about.
    """

    id: str
    title: str
    published_at: datetime
    names: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Held:
    """A document that the index remembers; `total` is what its terms weighed together when it came."""

    order: int
    title: str
    published_at: datetime
    at: int
    headline: Headline
    bands: tuple[Band, ...]
    total: float
    story: Story
    member: StoryMember


class StoryIndex:
    """Puts each document into the story of the most similar one of the days before, or begins one with it.

    Deterministic for documents in the order of `published_at`, then id; `add_all` sorts them. A document that comes late joins a story like
    any other, and changes nothing that was said before. Memory is bounded by `most_documents`. Not thread-safe.

    Args:
        most_documents: how many are remembered.
    """

    def __init__(self, most_documents: int = MOST_DOCUMENTS) -> None:
        self._most = most_documents
        self._held: dict[str, Held] = {}
        self._stories: dict[str, Story] = {}
        self._rarity = Rarity()
        self._candidates: Candidates[Held] = Candidates()
        self._newest = 0
        self._order = 0

    def __len__(self) -> int:
        return len(self._held)

    def remembered(self, document_id: str) -> Remembered | None:
        """Return what is remembered of a document, with its story as it is now; None: it was too old, or is swept.

        Asked for after each `add`, and kept in that order, it is all that `restore` needs.
        """
        held = self._held.get(document_id)
        if held is None:
            return None
        moves = held.story.moves
        return Remembered(held.title, held.published_at, held.headline.names, held.total, moves.direction, dict(moves.signs), held.member)

    @classmethod
    def restore(cls, documents: Iterable[Remembered], most_documents: int = MOST_DOCUMENTS) -> StoryIndex:
        """Return an index that goes on where another was.

        Args:
            documents: what `remembered` returned after each `add`, in that order, from the oldest that the other held, or from before.
            most_documents: as of the class.
        """
        index = cls(most_documents)
        for known in documents:
            if known.member.document in index._held:
                continue
            headline = read_headline(known.title, known.names)
            at = _milliseconds(known.published_at)
            index._newest = max(index._newest, at)
            index._sweep()
            story = index._stories.setdefault(known.member.story_id, Story(known.member.story_id))
            story.size = known.member.size
            story.moves = Moves(known.direction, dict(known.signs))
            story.hold(headline, at)
            held = Held(index._order, known.title, known.published_at, at, headline, bands_of(headline), known.weight, story, known.member)
            index._hold(held)
        return index

    def add_all(self, documents: Iterable[Incoming]) -> list[StoryMember]:
        """Add documents in the order of time and id, and return where each belongs, in that order."""
        return [self.add(document) for document in sorted(documents, key=lambda document: (document.published_at, document.id))]

    def add(self, document: Incoming) -> StoryMember:
        """Return where `document` belongs. One that is remembered already is what it was then.

        A document older than `KEPT` before the newest is a story by itself, and is not remembered.
        """
        known = self._held.get(document.id)
        if known is not None:
            return known.member
        at = _milliseconds(document.published_at)
        headline = read_headline(document.title, document.names)
        if at < self._newest - _KEPT_MS:
            return _member(document.id, Story(document.id), headline, at, None, 0.0)
        self._newest = max(self._newest, at)
        self._sweep()
        bands = bands_of(headline)
        weights = {term: self._rarity.weight(term) for term in headline.terms}
        last, distance = self._similar(headline, bands, weights, at)
        story = last.story if last else self._stories.setdefault(document.id, Story(document.id))
        member = _member(document.id, story, headline, at, last, distance)
        story.add(headline, at)
        title = document.title[:MOST_CHARACTERS]
        self._hold(Held(self._order, title, document.published_at, at, headline, bands, sum(weights.values()), story, member))
        return member

    def _similar(self, headline: Headline, bands: tuple[Band, ...], weights: dict[str, float], at: int) -> tuple[Held | None, float]:
        """Return the last document of its story that is like `headline`, and how far it is; (None, 0) where it begins one."""
        found = self._candidates.find(headline, bands, weights)
        similar = []
        for held, comparison in self._compare(headline, weights, found, at):
            probability = same_story(comparison)
            if probability >= SAME_STORY and not held.story.moves.contradict(headline):
                similar.append((probability, held))
        if not similar:
            return None, 0.0
        story = max(similar, key=lambda entry: (entry[0], entry[1].order))[1].story
        of_story = (entry for entry in similar if entry[1].story is story)
        _, last = max(of_story, key=lambda entry: (entry[1].at, entry[1].order))
        total_now = sum(map(self._rarity.weight, last.headline.terms))
        return last, 1.0 - likeness_of(weights, sum(weights.values()), last.headline, total_now)[0]

    def _compare(self, headline: Headline, weights: dict[str, float], found: list[Held], at: int) -> list[tuple[Held, Comparison]]:
        """Put `headline` beside those of `found` that can be of its story."""
        total = sum(weights.values())
        likely = []
        recurs = 0
        for held in found:
            likeness = likeness_of(weights, total, held.headline, held.total)
            if likeness[0] >= TWIN and at - held.at >= _TWIN_AFTER_MS:
                recurs += 1
            if likely_enough(*likeness):
                likely.append((held, likeness))
        compared = []
        forms = None
        for held, likeness in likely:
            days = abs(at - held.at) / _DAY_MS
            if days > _LINKED_DAYS or not likely_enough(*likeness, days, recurs):
                continue
            forms = self._rarity.forms(headline) if forms is None else forms
            both_forms = forms, self._rarity.forms(held.headline)
            compared.append((held, compare(headline, held.headline, likeness, days, both_forms, recurs)))
        return compared

    def _hold(self, held: Held) -> None:
        self._held[held.member.document] = held
        self._candidates.add(held, held.headline, held.bands)
        self._rarity.add(held.headline)
        self._order += 1

    def _sweep(self) -> None:
        """Forget the oldest in the order in which they came: too old, or too many."""
        oldest = self._newest - _KEPT_MS
        while self._held:
            held = next(iter(self._held.values()))
            if held.at >= oldest and len(self._held) < self._most:
                return
            del self._held[held.member.document]
            self._candidates.remove_oldest(held, held.headline, held.bands)
            self._rarity.remove(held.headline)
            held.story.drop(held.headline, held.at)
            if not held.story.times:
                del self._stories[held.story.id]


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _member(document: str, story: Story, headline: Headline, at: int, last: Held | None, distance: float) -> StoryMember:
    return StoryMember(
        document,
        story.id,
        story.size + 1,
        novelty(story.within_a_day(at)),
        last.member.document if last else "",
        max(0, at - last.at) / 1000 if last else None,
        distance if last else None,
        story.linked(at),
        story.linked_by_name(headline.names, at),
    )
