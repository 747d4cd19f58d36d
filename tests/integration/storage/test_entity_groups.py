"""Sums over groups of entities, against what is counted for each of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from squall.storage import Store
from squall.storage.queries.entities import groups as queries
from squall.storage.queries.entities.counts import Order
from tests.integration.storage.mention_samples import mention, naming
from tests.integration.storage.samples import NOW
from tests.integration.storage.test_entity_counts import APPLE, DAY, FORD, FRANCE, HOUR, MINUTE, SHELL, fill


def test_a_group_is_the_sum_of_its_entities_now_and_before(store: Store) -> None:
    fill(store)
    cars, all_of_them, none = store.groups.totals({"cars": [FORD, SHELL], "all": [FORD, SHELL, APPLE, FRANCE], "none": ["company:x"]}, *DAY)
    assert (cars.group, cars.negative, cars.documents, cars.negative_before, cars.documents_before, cars.named) == ("cars", 6, 6, 13, 13, 2)
    assert (cars.mean_score, cars.mean_score_before) == pytest.approx((-0.7, -0.7), abs=1e-6)
    assert (all_of_them.negative, all_of_them.neutral, all_of_them.positive, all_of_them.named) == (9, 1, 3, 4)
    assert all_of_them.mean_score == pytest.approx((9 * -0.7 + 3 * 0.7) / 13, abs=1e-6)
    assert (none.documents, none.mean_score, none.named, none.change) == (0, 0.0, 0, 0.0)


def test_an_entity_counts_in_every_group_it_is_in_and_once_in_each(store: Store) -> None:
    fill(store)
    rows = store.groups.totals({"a": [FORD, FORD], "b": (FORD,), "empty": ()}, *DAY)
    assert [(row.group, row.documents) for row in rows] == [("a", 4), ("b", 4), ("empty", 0)]
    assert store.groups.totals({}, *DAY) == []


def test_a_document_that_names_two_members_counts_for_each(store: Store) -> None:
    store.documents.insert([naming(1, FORD, mention(SHELL, 10, tone="positive"))], token="a")
    store.rollups.update()
    [row] = store.groups.totals({"both": [FORD, SHELL]}, *DAY)
    assert (row.documents, row.negative, row.positive, row.named) == (2, 1, 1, 2)


def test_a_copy_counts_once_in_a_sum_too(store: Store) -> None:
    store.documents.insert([naming(1, FORD, fingerprint=7), naming(2, FORD, fingerprint=7, published_at=NOW + HOUR)], token="a")
    store.rollups.update()
    [row] = store.groups.totals({"cars": [FORD]}, *DAY)
    assert row.documents == 1


@pytest.mark.parametrize("order", ["negative", "change", "volume"])
@pytest.mark.parametrize("most_listed", [2000, 1])
def test_members_are_those_of_the_list_in_its_order_however_many_are_asked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch, order: Order, most_listed: int
) -> None:
    monkeypatch.setattr(queries, "_LISTED", most_listed)
    fill(store)
    store.documents.insert([naming(90, "company:silent", published_at=NOW - 3 * HOUR)], token="b")
    store.rollups.update()
    asked = [FORD, SHELL, APPLE, "company:silent"]
    group, members = store.groups.members("some", asked, *DAY, order=order)
    assert members == store.entities.top(*DAY, order=order, entities=asked)
    assert (group,) == tuple(store.groups.totals({"some": asked}, *DAY))
    assert (group.named, group.negative, group.documents) == (3, 9, 12)
    assert store.groups.members("some", asked, *DAY, order=order, limit=1)[1] == members[:1]


def test_a_group_without_documents_has_no_members_to_show(store: Store) -> None:
    fill(store)
    group, members = store.groups.members("none", ["company:x"], *DAY)
    assert (group.documents, group.named, members) == (0, 0, [])


@pytest.mark.parametrize(("since", "until"), [(0, 24 * 60), (7, 24 * 60), (0, 61), (59, 61), (3 * 60 + 1, 5 * 60 + 1)])
def test_a_sum_is_exact_to_the_minute(store: Store, since: int, until: int) -> None:
    fill(store)
    span = NOW + since * MINUTE, NOW + until * MINUTE
    [row] = store.groups.totals({"all": [FORD, SHELL, APPLE, FRANCE]}, *span)
    assert row.documents == sum(each.documents for each in store.entities.top(*span))


def test_when_a_member_was_named_last_is_known_also_outside_the_span(store: Store) -> None:
    fill(store)
    assert store.groups.last_published_at([FORD, SHELL]) == NOW + 7 * HOUR + MINUTE
    assert store.groups.last_published_at(["company:x"]) is None
    assert store.groups.last_published_at([]) is None
    assert store.groups.totals({"cars": [FORD]}, NOW + timedelta(days=9), NOW + timedelta(days=10))[0].documents == 0
