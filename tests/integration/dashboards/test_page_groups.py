"""Sectors, industries, a country's companies and owners with what they own, in the page's JSON API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from squall.core.records import EntityKind
from tests.integration.dashboards.test_page_entities import get
from tests.integration.dashboards.test_page_openapi import validate
from tests.integration.storage.mention_samples import mention

pytestmark = pytest.mark.slow

SHELL, EXXON, CHEVRON, FORD = (
    "company:shell-plc",
    "company:exxon-mobil-corporation",
    "company:chevron-corporation",
    "company:ford-motor-company",
)
ALPHABET, YOUTUBE, FRANCE, TOTAL = "company:alphabet-inc", "company:youtube", "country:france", "company:totalenergies-se"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def path(node: str) -> str:
    return f"/api/entities/{quote(node, safe='')}"


@pytest.fixture
def filled(world: Any, scored: Any) -> Any:
    """Energy: Shell 4 negative, Exxon 2 negative beside Shell, TotalEnergies 1 positive, Chevron 3 negative the day before. Ford: 1.

    YouTube: 2 negative; Alphabet: 1 positive. France: 1 neutral.
    """

    def naming(title: str, *mentions: Any, age: timedelta = timedelta()) -> Any:
        found = tuple(mention(each, 10 * place) if isinstance(each, str) else each for place, each in enumerate(mentions))
        return scored(title, age=age).model_copy(update={"mentions": found, "catalogue_version": "c1"})

    rows = [naming(f"Shell leaks {n}", SHELL, age=n * MINUTE) for n in range(2)]
    rows += [naming(f"Shell and Exxon sued {n}", SHELL, EXXON, age=HOUR + n * MINUTE) for n in range(2)]
    rows += [naming("Total gains", mention(TOTAL, tone="positive"), age=3 * HOUR)]
    rows += [naming(f"Chevron spills {n}", CHEVRON, age=30 * HOUR + n * MINUTE) for n in range(3)]
    rows += [naming("Ford recalls", FORD, age=2 * HOUR)]
    rows += [naming(f"YouTube is down {n}", YOUTUBE, age=2 * HOUR + n * MINUTE) for n in range(2)]
    rows += [naming("Alphabet beats", mention(ALPHABET, tone="positive"), age=5 * HOUR)]
    rows += [naming("France votes", mention(FRANCE, tone="neutral", kind=EntityKind.COUNTRY, name="France"), age=4 * HOUR)]
    world.insert(*rows)
    world.store.rollups.update()
    return world


def test_sectors_are_listed_by_what_documents_say_about_their_companies(filled: Any) -> None:
    with filled.serving() as url:

        def listed(**query: Any) -> list[tuple[str, int, int]]:
            return [(row["entity"], row["negative"], row["documents"]) for row in get(url, "/api/entities", **query)["entities"]]

        sectors = listed(kind="sector")
        assert sectors == [("sector:energy", 6, 7), ("sector:communication-services", 2, 3), ("sector:consumer-discretionary", 1, 1)]
        assert listed(kind="sector", limit=1) == sectors[:1]
        assert listed(kind="industry")[0] == ("industry:oil-gas-and-consumable-fuels", 6, 7)
        assert listed(kind="market") == [("market", 9, 11)]
        assert listed(kind="sector", q="ener") == sectors[:1]
        assert listed(kind="sector", q="utilities") == [("sector:utilities", 0, 0)], "known, though nothing is said about it"
        assert listed(kind="sector", q="nergy") == [], "a word's beginning"
        [energy] = get(url, "/api/entities", kind="sector", limit=1)["entities"]
        assert httpx.get(url + "/api/entities?kind=sector&kind=company").status_code == 422
    assert (energy["name"], energy["kind"], energy["symbols"], energy["negative_before"]) == ("Energy", "sector", [], 3)
    assert energy["mean_score"] == pytest.approx((6 * -0.7 + 0.7) / 7, abs=1e-6)
    assert energy["change"] == pytest.approx(3 / 9**0.5)


def test_a_sector_has_totals_counts_per_step_and_its_members_the_most_negative_first(filled: Any) -> None:
    with filled.serving() as url:
        energy = get(url, path("sector:energy"))
        one = get(url, path("sector:energy"), limit=1, order="volume")
    assert (energy["totals"]["negative"], energy["totals"]["documents"]) == (6, 7)
    assert (sum(energy["counts"]["negative"]), sum(energy["counts"]["total"])) == (6, 7)
    assert [(row["entity"], row["negative"]) for row in energy["members"]] == [(SHELL, 4), (EXXON, 2), (TOTAL, 0)]
    assert [row["entity"] for row in one["members"]] == [SHELL]
    assert one["totals"] == energy["totals"], "the limit is that of the list, not of the sum"
    assert energy["members_named"] == 3
    assert energy["members_known"] > 100
    assert [(node["entity"], node["kind"]) for node in energy["belongs_to"]] == [("market", "market")]
    assert energy["last_published_at"] == "2026-03-02T14:05:00Z"
    assert (energy["points"]["time"], energy["alerts"], energy["history"]) == ([], [], None)


def test_a_company_tells_what_it_belongs_to_and_is_added_to_what_it_owns_only_when_asked(filled: Any) -> None:
    with filled.serving() as url:
        alone, together = get(url, path(ALPHABET)), get(url, path(ALPHABET), members=True)
        owned = get(url, path(YOUTUBE))
        assert httpx.get(url + path(FORD) + "?members=true").status_code == 404
    assert (alone["totals"]["documents"], alone["members"], alone["members_named"]) == (1, None, None)
    assert alone["members_known"] > 1
    assert [node["name"] for node in alone["belongs_to"]][-1] == "Market"
    assert (ALPHABET, "company", "Alphabet") in [(node["entity"], node["kind"], node["name"]) for node in owned["belongs_to"]]
    assert owned["members_known"] == 0
    assert (together["totals"]["entity"], together["totals"]["negative"], together["totals"]["documents"]) == (ALPHABET, 2, 3)
    assert [row["entity"] for row in together["members"]] == [YOUTUBE, ALPHABET]


def test_a_country_is_itself_or_its_companies(filled: Any) -> None:
    with filled.serving() as url:
        itself, companies = get(url, path(FRANCE)), get(url, path(FRANCE), members=True)
    assert (itself["totals"]["neutral"], itself["totals"]["positive"]) == (1, 0)
    assert (companies["totals"]["neutral"], companies["totals"]["positive"], companies["totals"]["name"]) == (0, 1, "France")
    assert [row["entity"] for row in companies["members"]] == [TOTAL]


def test_a_name_that_the_catalogue_lacks_belongs_to_nothing(filled: Any, scored: Any) -> None:
    filled.insert(scored("Alpenbank fails").model_copy(update={"mentions": (mention("found:alpenbank"),), "catalogue_version": "c1"}))
    filled.store.rollups.update()
    with filled.serving() as url:
        found = get(url, path("found:alpenbank"))
        assert httpx.get(url + path("found:alpenbank") + "?members=true").status_code == 404
    assert (found["belongs_to"], found["members_known"]) == ([], 0)


def test_a_sector_that_no_document_names_is_there_and_a_sector_that_is_none_is_not(filled: Any) -> None:
    with filled.serving() as url:
        silent = get(url, path("sector:utilities"))
        unknown = httpx.get(url + path("sector:magic"))
        documents = httpx.get(url + path("sector:energy") + "/documents")
    assert (silent["totals"]["documents"], silent["members"], silent["last_published_at"]) == (0, [], None)
    assert unknown.status_code == 404
    assert documents.status_code == 404
    assert "documents of its members" in documents.json()["detail"]


def test_an_empty_store_has_no_sectors(world: Any) -> None:
    with world.serving() as url:
        assert get(url, "/api/entities", kind="sector")["entities"] == []
        assert httpx.get(url + path("sector:energy")).status_code == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "members=perhaps", "order=best"])
def test_wrong_questions_about_members_are_refused(world: Any, query: str) -> None:
    with world.serving() as url:
        assert httpx.get(f"{url}{path('sector:energy')}?{query}").status_code == 422


def test_what_is_answered_is_as_described(filled: Any) -> None:
    with filled.serving() as url:
        document = httpx.get(url + "/api/openapi.json").json()
        for query in ("", "?members=true"):
            answer = get(url, path(ALPHABET) + query)
            validate(document, "/api/entities/{entity}", "get", 200, answer)
        validate(document, "/api/entities/{entity}", "get", 200, get(url, path("market")))
        validate(document, "/api/entities", "get", 200, get(url, "/api/entities", kind="industry"))
