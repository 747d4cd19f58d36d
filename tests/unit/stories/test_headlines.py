"""What of a headline is compared, and what contradicts."""

from __future__ import annotations

import pytest

from squall.stories.headline import read_headline
from squall.stories.moves import Moves


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Citigroup pays $158 mln in fraud pact", "UPDATE 4-Citigroup pays $158 million in fraud pact"),
        ("Oil cost to rise 19 pct this winter", "Oil cost to rise 19 percent this winter"),
        ("Oil cost to rise 19% this winter", "Oil cost to rise 19 percent this winter"),
        ("Govt to cut deficit", "Government to cut deficit"),
        ("U.S. jobs report", "US jobs report"),
        ("Iran's minister", "Iran minister"),
        ("Loss of 1,200.50 mln", "Loss of 1200.5 million"),
    ],
)
def test_one_thing_written_in_two_ways_has_the_same_terms(one: str, other: str) -> None:
    assert set(read_headline(one).terms) == set(read_headline(other).terms)


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("Apple shares +3.2%", 1),
        ("Apple shares -3.2%", -1),
        ("Apple shares rise", 1),
        ("Apple shares fall", -1),
        ("Analyst upgrades Apple", 1),
        ("Analyst downgrades Apple", -1),
        ("Stocks rise, euro falls", 0),
        ("Apple names chairman", 0),
        ("Budget for 2011-12 passed", 0),
        ("5-10 mln shares on offer", 0),
    ],
)
def test_the_direction_is_which_way_everything_moves(text: str, direction: int) -> None:
    assert read_headline(text).direction == direction


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Apple shares +3.2%", "Apple shares -3.2%"),
        ("Apple shares rise 3.2 pct", "Apple shares fall 3.2 pct"),
        ("Moody's upgrades Ford", "Moody's downgrades Ford"),
        ("Apple +3.2% after results, Dell slides", "Apple -3.2% after results, Dell gains"),
    ],
)
def test_opposite_moves_contradict(one: str, other: str) -> None:
    moves = Moves()
    moves.add(read_headline(one))
    assert moves.contradict(read_headline(other))
    assert not moves.contradict(read_headline(one))


def test_what_a_story_said_first_stays_what_it_says() -> None:
    moves = Moves()
    for text in ("Apple shares move on results", "Apple shares rise", "Apple names chairman"):
        moves.add(read_headline(text))
    assert moves.contradict(read_headline("Apple shares fall"))
