"""What a check of a catalogue tells: each circle once, every kind counted and cut, in time that grows with the table."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

import pytest

from squall.core.records import EntityKind
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.catalogue.checks import find_oddities
from squall.entities.entity import Entity


def company(name: str, *, parent: str = "", aliases: tuple[str, ...] = ()) -> Entity:
    return Entity(f"company:{name}", EntityKind.COMPANY, f"Corporation {name}", aliases, parent=f"company:{parent}" if parent else "")


def circle(length: int) -> Catalogue:
    return Catalogue(company(f"c{number}", parent=f"c{(number + 1) % length}") for number in range(length))


def crowd(length: int) -> Catalogue:
    return Catalogue(company(f"c{number}", aliases=tuple(f"shared alias {i}" for i in range(20))) for number in range(length))


def test_a_circle_of_parents_is_told_once_and_cut_short() -> None:
    odd = find_oddities(circle(500))
    assert odd.counts == {"circle of parents": 1}
    assert odd.findings[0].detail == "company:c0 → company:c1 → company:c2 → company:c3 → company:c4 → … (500 in all) → company:c0"


def test_a_circle_is_told_of_the_first_of_the_users_own_entities_in_it() -> None:
    odd = find_oddities(circle(3), {"company:c2", "company:c1"})
    assert [finding.detail for finding in odd.findings] == ["company:c1 → company:c2 → company:c0 → company:c1"]


def test_what_leads_into_a_circle_is_not_in_it() -> None:
    catalogue = Catalogue([company("a", parent="b"), company("b", parent="d"), company("d", parent="b"), company("e", parent="e")])
    found = [(finding.entity, finding.detail) for finding in find_oddities(catalogue).findings]
    assert found == [("company:b", "company:b → company:d → company:b"), ("company:e", "company:e → company:e")]


def test_findings_of_a_kind_are_counted_and_cut() -> None:
    odd = find_oddities(crowd(50), most=3)
    assert odd.counts == {"shared name": 1000}
    assert [finding.detail for finding in odd.findings] == [f"'shared alias {i}' is a name of company:c1 too and 48 more" for i in range(3)]


@pytest.mark.parametrize("build", [circle, crowd])
def test_a_check_takes_time_in_proportion_to_the_table(build: Callable[[int], Catalogue]) -> None:
    def seconds(length: int) -> float:
        catalogue = build(length)
        catalogue.named("")
        taken = []
        for _ in range(3):
            began = process_time()
            find_oddities(catalogue)
            taken.append(process_time() - began)
        return min(taken)

    assert seconds(8000) < 24 * seconds(1000)  # 8 where it is linear, 64 where it is quadratic
