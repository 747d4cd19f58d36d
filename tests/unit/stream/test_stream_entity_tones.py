"""The tone towards names that a caller gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import process_time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.records import MOST_MENTIONS, EntityKind
from squall.stream.asked_names import occurrences, places_of
from squall.stream.entity_tones import MOST_ASKED, EntityTone, asked_tones, entity_tones, wanted_names
from squall.stream.mentions import LinkingError
from tests.support.doubles import FixedReading
from tests.unit.stream.test_stream_mentions import SimpleLink, WordLinker


@dataclass(frozen=True)
class Named:
    id: str
    kind: EntityKind = EntityKind.COMPANY
    symbols: tuple[str, ...] = ()


class AliasLinker(WordLinker):
    """Knows that VW is Volkswagen."""

    def named(self, name: str) -> Named:
        if not any(character.isalnum() for character in name):
            raise ValueError(f"{name!r} is no name")
        return Named("company:vw", symbols=("VOW",)) if name in {"VW", "Volkswagen"} else Named(f"found:{name.lower()}")

    def link(self, text: str, **options: Any) -> list[SimpleLink]:
        links = super().link(text, **options)
        return [SimpleLink("company:vw", link.start, link.end) if text[link.start : link.end] == "VW" else link for link in links]


def reading(text: str, names: list[tuple[int, int, str]] | None = None) -> FixedReading:
    """Return a reading of one text, which is neutral, in which a span's tone follows its start."""
    return FixedReading(np.zeros((1, 20), np.float32), np.array([[0.1, 0.7, 0.2]], np.float32), "m1", [names or []])


def asked(names: Sequence[str], text: str, found: list[tuple[int, int, str]] | None = None) -> list[EntityTone]:
    return asked_tones(names, text, reading(text, found), 0, AliasLinker())


def test_names_get_their_tones_in_the_order_they_were_asked_known_or_not() -> None:
    text = "Alpenbank sinks, VW rises"
    found = asked(["Volkswagen", "Alpenbank", "Nobody AG", "VW"], text, [(17, 19, "ORG")])
    assert [(each.name, each.entity, each.start, each.end) for each in found] == [
        ("Volkswagen", "company:vw", 17, 19),
        ("Alpenbank", "found:alpenbank", 0, 9),
        ("Nobody AG", "found:nobody ag", None, None),
        ("VW", "company:vw", 17, 19),
    ]
    tones = [(each.p_negative, each.p_neutral, each.p_positive) for each in found]
    assert tones[1] == pytest.approx((0.6, 0.2, 0.2))  # place 0
    assert tones[2] == pytest.approx((0.1, 0.7, 0.2))  # of the text
    assert tones[0] == tones[3] == pytest.approx((0.2, 0.2, 0.6))  # place 17
    assert [each.relevance for each in found] == [0.5, 0.5, 0.0, 0.5]


def test_the_tone_of_a_name_is_the_mean_over_its_occurrences() -> None:
    [found] = asked(["ab"], "ab ab ab. xab AB")  # places 0, 3, 6, 14: as whole words
    assert (found.p_negative, found.p_neutral, found.p_positive) == pytest.approx((0.5, 0.2, 0.3), abs=1e-6)


def test_a_short_name_is_looked_for_outside_of_the_longer_ones() -> None:
    assert places_of(["Nokia", "Nokia India"], "Nokia India beats Nokia") == [[(18, 23)], [(0, 11)]]
    assert places_of(["Nokia", "Nokia India"], "Nokia India beats all") == [[(0, 5)], [(0, 11)]]


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("ford", "FORD and Ford, not Fordham", [(0, 4), (9, 13)]),
        ("nifty", "Nifty50 up", [(0, 5)]),
        ("a.b*c", "A.B*C aXbYc", [(0, 5)]),
        ("\U0001f34f", "x \U0001f34f y", [(2, 3)]),
        ("İş", "türk İş bank", [(5, 7)]),
        (" ", "a b", []),
        ("Nestle", "Nestle\u0301 up", []),
        ("Nestl\u00e9", "Nestle\u0301 up", [(0, 7)]),
        ("Nestle\u0301", "NESTL\u00c9 up", [(0, 6)]),
        ("\u200bAcme\u200b", "Acme\u200b up", [(0, 4)]),
        ("\U0001f469", "\U0001f469\u200d\U0001f4bb", []),
        ("\u039f\u0394\u039f\u03a3", "\u03bf\u03b4\u03bf\u03c2 x", [(0, 4)]),
        ("missing", "a b", []),
    ],
)
def test_names_are_found_as_they_are_written_in_any_case(name: str, text: str, found: list[tuple[int, int]]) -> None:
    assert occurrences([name], text) == [found]


@given(st.lists(st.text("abA .", min_size=1, max_size=4).filter(str.strip), max_size=6), st.text("abA .\u00e9\U0001f600", max_size=60))
def test_every_place_reads_as_the_name(names: list[str], text: str) -> None:
    for name, places in zip(names, places_of(names, text), strict=True):
        assert all(text[start:end].lower() == name.strip().lower() for start, end in places)


def test_of_a_name_that_a_text_repeats_without_end_the_first_places_are_taken() -> None:
    assert len(occurrences(["a"], "a " * 5000)[0]) == MOST_MENTIONS


def test_a_name_across_the_end_of_a_searched_part_is_found_once() -> None:
    text = "x" * 4090 + " Alpenbank " + "y" * 9000 + " alpenbank"
    assert occurrences(["Alpenbank", "Alpen"], text) == [[(4091, 4100), (13102, 13111)], [(4091, 4096), (13102, 13107)]]


@pytest.mark.parametrize(("unit", "names"), [("a ", ["a" + " a" * k + " x" for k in range(90)]), ("a", ["a" * k for k in range(1, 101)])])
def test_a_hundred_names_in_a_text_of_their_repetitions_take_time_in_proportion_to_it(unit: str, names: list[str]) -> None:
    def seconds(length: int) -> float:
        start = process_time()
        places_of(names, unit * (length // len(unit)))
        return process_time() - start

    short, long = min(seconds(100_000) for _ in range(3)), seconds(1_600_000)
    assert long < 40 * max(short, 0.02), (short, long)


@pytest.mark.parametrize(
    ("names", "problem"),
    [(["a"] * (MOST_ASKED + 1), "at most 100"), ([" "], "0 characters"), (["x" * 201], "201 characters"), (["!!"], "is no name")],
)
def test_names_that_are_none_are_refused(names: list[str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        asked(names, "text")


def test_without_names_whom_the_text_is_about_is_told() -> None:
    text = "ACME sinks, ACME says, VW rises"
    found = entity_tones(text, reading(text, [(0, 4, "ORG"), (12, 16, "ORG"), (23, 25, "ORG")]), 0, AliasLinker())
    assert [(each.entity, each.start, each.end) for each in found] == [("found:acme", 0, 4), ("company:vw", 23, 25)]
    assert found[0].as_dict() == {
        "name": "found:acme",
        "entity": "found:acme",
        "symbols": (),
        "start": 0,
        "end": 4,
        "relevance": 0.5,
        "p_negative": 0.6,
        "p_neutral": 0.2,
        "p_positive": 0.2,
        "severity": None,
        "events": None,
    }


def test_a_text_that_the_linker_fails_on_is_an_error_of_one_kind() -> None:
    with pytest.raises(LinkingError, match="KeyError"):
        entity_tones("unlinkable", reading("unlinkable"), 0, AliasLinker())
    with pytest.raises(LinkingError, match="KeyError"):
        asked(["ACME"], "unlinkable")


def test_a_given_name_is_as_grave_as_its_places_and_nothing_is_said_of_one_elsewhere() -> None:
    text = "Acme sank"
    grave = replace(reading(text), severity=np.array([0.8], np.float32))
    found = asked_tones(["sank", "Nobody"], text, grave, 0, AliasLinker())
    assert [(tone.name, tone.severity) for tone in found] == [("sank", 0.5), ("Nobody", None)]
    assert [tone.severity for tone in asked(["sank", "Nobody"], text)] == [None, None]


def test_what_happened_to_a_given_name_is_told_by_its_places_and_nothing_of_one_elsewhere() -> None:
    text = "Acme sank"
    grave = replace(reading(text), happened=[[("accident", 0.9)]])
    found = asked_tones(["Acme", "sank", "Nobody"], text, grave, 0, AliasLinker())
    assert [tone.as_dict()["events"] for tone in found] == [
        [{"name": "accident", "probability": 0.9}],
        [],
        [],
    ]


def test_half_a_surrogate_pair_hides_no_name_and_moves_none() -> None:
    text = "\ud83d Nestle \udc00 rises"
    assert occurrences(["Nestle", "rises"], text) == [[(2, 8)], [(11, 16)]]


def test_a_long_text_is_read_first_about_the_names_that_are_asked_for() -> None:
    class Finds(AliasLinker):
        def link(self, text: str, **options: Any) -> list[SimpleLink]:
            return super().link(text, **{**options, "names": [(17, 19, "ORG")]})

    text = "Alpenbank sinks, VW rises"
    assert wanted_names(["Alpenbank", "Volkswagen", "Nobody"], text, Finds()) == [(1.0, [(0, 9)]), (1.0, [(17, 19)]), (1.0, [])]
    assert wanted_names([], text, Finds()) == []
    ((weight, places),) = wanted_names(None, text, Finds())
    assert (0 < weight < 1, places) == (True, [(17, 19)])
    with pytest.raises(ValueError, match="no name"):
        wanted_names(["?!"], text, Finds())
