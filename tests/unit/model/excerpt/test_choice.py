"""What is read of a text that is too long: its places, never more than there are tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.model.excerpt.choice import MOST_CHARS, excerpt
from squall.model.excerpt.word_weights import BUCKETS, WordWeights, buckets

CALM = ["It opened an office.", "Its phones sell well.", "Staff like the food.", "The board met.", "Trade was quiet."]
GRAVE = "Wirecard failed."


def grave_words(**severities: float) -> WordWeights:
    """Weights of a few words; every other has none."""
    weights = np.zeros(BUCKETS, dtype=np.int8)
    for word, severity in severities.items():
        (bucket,) = buckets(word)
        weights[bucket] = round(severity * 100)
    return WordWeights(weights, 0.01, 0.0)


WEIGHTS = grave_words(failed=0.9, fined=0.5, missed=0.3)


class Words:
    """Counts words as tokens."""

    def __init__(self, room: int) -> None:
        self.room = room

    def lengths(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def reach(self, text: str, tokens: int) -> int:
        return max((match.end() for match in islice(re.finditer(r"\S+", text), tokens)), default=0)


def read(text: str, room: int = 12, wanted: Sequence[str] = (), weight: float = 1.0) -> list[str]:
    places = [(weight, [(text.index(name), text.index(name) + len(name))]) for name in wanted]
    return [text[start:end] for start, end in excerpt(text, Words(room), WEIGHTS, places)]


def test_title_lede_and_what_is_grave_are_read_in_their_order() -> None:
    text = "Apple earns more\n\n" + " ".join([*CALM, "Bosch was fined.", *CALM, GRAVE, *CALM])
    assert read(text, 12) == ["Apple earns more\n\nIt opened an office.", "Bosch was fined.", "Wirecard failed."]
    assert read(text, 9) == ["Apple earns more", "Bosch was fined.", "Wirecard failed."]


def test_calm_sentences_are_not_read_to_fill_the_tokens() -> None:
    assert read("Apple earns more\n\n" + " ".join(CALM * 9), 100) == ["Apple earns more\n\nIt opened an office."]


def test_a_name_is_read_about_once_unless_the_beginning_does() -> None:
    text = "Apple earns more\n\n" + " ".join([*CALM, "Bosch fell.", *CALM, "Bosch missed sales."])
    assert read(text, 40, ["Apple"]) == ["Apple earns more\n\nIt opened an office.", "Bosch missed sales."]
    assert read(text, 40, ["board"]) == ["Apple earns more\n\nIt opened an office.", "The board met.", "Bosch missed sales."]
    both = [(0.1, [(text.index("Bosch"), text.index("Bosch") + 5), (text.rindex("Bosch"), text.rindex("Bosch") + 5)])]
    assert excerpt(text, Words(40), grave_words(fell=0.2), both)[-1] == (text.index("Bosch fell."), text.index("Bosch fell.") + 11)


def test_who_is_asked_for_comes_before_what_is_grave() -> None:
    text = "Apple earns more\n\n" + " ".join([*CALM, GRAVE, *CALM, "Nokia hires a new cook."])
    assert read(text, 12, ["Nokia"]) == ["Apple earns more\n\nIt opened an office.", "Nokia hires a new cook."]
    assert read(text, 12, ["Nokia"], 0.1)[-1] != "Nokia hires a new cook."


def test_a_sentence_that_does_not_fit_gives_way_to_a_shorter_one_or_is_begun() -> None:
    long = "Bosch failed " + "and so did others " * 6 + "there."
    text = "Apple earns more\n\n" + " ".join([CALM[0], *CALM, long, "Opel was fined."])
    assert read(text, 12) == ["Apple earns more\n\nIt opened an office.", "Opel was fined."]
    assert read(text, 18) == ["Apple earns more\n\nIt opened an office.", "Bosch failed and so did others and so", "Opel was fined."]


def test_of_a_title_that_is_too_long_the_beginning_is_read() -> None:
    assert read("gold rises and silver falls " * 3 + "\n" + GRAVE, 6) == ["gold rises and silver", "Wirecard failed."]


def test_nothing_is_read_of_blanks_and_little_of_a_very_long_text() -> None:
    assert excerpt(" \n ", Words(5), WEIGHTS) == []
    far = "Apple earns more. " + "It is calm. " * 40_000 + GRAVE
    assert max(end for _, end in excerpt(far, Words(12), WEIGHTS)) < MOST_CHARS
    near = "Apple earns more. " + "Ok. " * 2_000 + GRAVE + " Ok." * 100_000
    assert GRAVE in [near[start:end] for start, end in excerpt(near, Words(12), WEIGHTS)]


@given(
    st.lists(st.sampled_from([*CALM, GRAVE, "It missed.\n\n", "fined " * 9, "ok", "It was fined!"]), min_size=1, max_size=40).map(" ".join),
    st.integers(1, 40),
    st.lists(st.tuples(st.floats(0, 1), st.lists(st.tuples(st.integers(0, 300), st.integers(1, 9)), max_size=4)), max_size=5),
)
def test_places_are_apart_in_order_and_never_more_than_fits(
    text: str, room: int, wanted: list[tuple[float, list[tuple[int, int]]]]
) -> None:
    names = [(weight, [(start, start + length) for start, length in places]) for weight, places in wanted]
    places = excerpt(text, Words(room), WEIGHTS, names)
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert all(left[1] < right[0] for left, right in pairwise(places))
    assert sum(Words(room).lengths([text[start:end] for start, end in places])) <= room


@pytest.mark.parametrize("room", [1, 2, 3])
def test_a_network_that_reads_hardly_anything_reads_the_beginning(room: int) -> None:
    assert read("Apple earns more\n\n" + GRAVE, room)[0].startswith("Apple")
