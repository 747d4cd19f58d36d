"""What the look-up remembers, and that it forgets."""

from __future__ import annotations

from squall.stories.candidates import MOST_CANDIDATES, Candidates, bands_of
from squall.stories.headline import Headline, read_headline


def _read(texts: list[str]) -> list[Headline]:
    return [read_headline(text, ("company:a",)) for text in texts]


def test_all_that_was_added_is_forgotten_when_it_is_removed() -> None:
    candidates: Candidates[int] = Candidates()
    headlines = _read([f"Alpenbank halts withdrawals number {n} of many" for n in range(200)])
    for n, headline in enumerate(headlines):
        candidates.add(n, headline, bands_of(headline))
    assert len(candidates) > 200
    for n, headline in enumerate(headlines):
        candidates.remove_oldest(n, headline, bands_of(headline))
    assert len(candidates) == 0


def test_what_has_most_in_common_comes_first_and_no_more_than_are_worth_it() -> None:
    candidates: Candidates[int] = Candidates()
    headlines = _read([f"Alpenbank halts withdrawals in {place}" for place in ("Vienna", "Graz", "Linz") * 40])
    for n, headline in enumerate(headlines):
        candidates.add(n, headline, bands_of(headline))
    asked = read_headline("UPDATE 1-Alpenbank halts withdrawals in Graz")
    found = candidates.find(asked, bands_of(asked), dict.fromkeys(asked.terms, 1.0))
    assert len(found) == MOST_CANDIDATES
    assert found[:8] == list(range(118, 94, -3))


def test_a_near_copy_is_found_without_a_rare_term_by_its_signature() -> None:
    candidates: Candidates[int] = Candidates()
    copy = read_headline("Wall Street climbs after strong housing data lifts banks and builders")
    candidates.add(0, copy, bands_of(copy))
    for n in range(1, 100):  # fills the lists of every term
        other = read_headline(f"Wall {n}a street {n}b climbs {n}c strong {n}d housing {n}e data {n}f lifts {n}g banks {n}h builders {n}i")
        candidates.add(n, other, bands_of(other))
    asked = read_headline("UPDATE 2-Wall Street climbs after strong housing data lifts banks, builders")
    assert 0 in candidates.find(asked, bands_of(asked), dict.fromkeys(asked.terms, 1.0))
