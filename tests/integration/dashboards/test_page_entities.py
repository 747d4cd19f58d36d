"""Companies and other names in the page's JSON API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from squall.core.records import EntityKind, SeriesKind
from squall.storage.rows.detector import SeriesReading
from tests.integration.storage.mention_samples import mention

pytestmark = pytest.mark.slow

FORD, SHELL, BANK, FRANCE = "company:ford-motor", "company:shell", "found:alpenbank", "country:france"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PATIENCE_SECONDS = 60.0
BOMB = "<img src=x onerror=alert(1)>"


def get(url: str, path: str, **query: Any) -> dict[str, Any]:
    answer = httpx.get(url + path, params=query, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def naming(scored: Any) -> Any:
    """Return a document with these mentions; an id stands for a negative mention at its beginning."""

    def make(title: str, *mentions: Any, age: timedelta = timedelta(), **fields: Any) -> Any:
        found = tuple(mention(each, name=each.partition(":")[2]) if isinstance(each, str) else each for each in mentions)
        return scored(title, age=age, **fields).model_copy(update={"mentions": found, "catalogue_version": "c1"})

    return make


@pytest.fixture
def filled(world: Any, naming: Any) -> Any:
    """Ford: 3 negative, 1 before; Shell: 2 positive and 1 negative, 6 negative before; Alpenbank: 2 negative; France: 4 neutral."""
    rows = [naming(f"Ford recalls cars {n}", FORD, age=n * 7 * MINUTE) for n in range(3)]
    rows += [naming("Ford stalls", FORD, age=30 * HOUR)]
    rows += [naming(f"Shell up {n}", mention(SHELL, tone="positive", symbols=("SHEL",)), age=HOUR + n * MINUTE) for n in range(2)]
    rows += [naming("Shell leaks", mention(SHELL, symbols=("SHEL",)), age=2 * HOUR)]
    rows += [naming(f"Shell down {n}", mention(SHELL, symbols=("SHEL",)), age=26 * HOUR + n * MINUTE) for n in range(6)]
    rows += [naming(f"Alpenbank shares plunge {n}", BANK, symbols=(), age=3 * HOUR + n * MINUTE) for n in range(2)]
    rows += [
        naming(f"France votes {n}", mention(FRANCE, tone="neutral", kind=EntityKind.COUNTRY, name="France"), age=4 * HOUR + n * MINUTE)
        for n in range(4)
    ]
    world.insert(*rows)
    world.store.rollups.update()
    return world


def test_an_empty_store_lists_no_entities(world: Any) -> None:
    with world.serving() as url:
        assert get(url, "/api/entities") == {"start": None, "end": None, "order": "negative", "entities": []}
        assert httpx.get(url + "/api/entities/company:x").status_code == 404


def test_entities_come_in_the_order_asked_for(filled: Any) -> None:
    with filled.serving() as url:

        def listed(**query: Any) -> list[tuple[str, int, int]]:
            return [(row["entity"], row["negative"], row["documents"]) for row in get(url, "/api/entities", **query)["entities"]]

        assert listed() == [(FORD, 3, 3), (BANK, 2, 2), (SHELL, 1, 3), (FRANCE, 0, 4)]
        assert next(row[0] for row in listed(order="volume")) == FRANCE
        assert next(row[0] for row in listed(order="change")) == SHELL
        assert listed(limit=1) == [(FORD, 3, 3)]
        assert listed(kind="country") == [(FRANCE, 0, 4)]
        assert [row[0] for row in listed(kind=["country", "company"], hours=1)] == [FORD]
        whole = get(url, "/api/entities")
    assert (whole["start"], whole["end"]) == ("2026-03-01T14:06:00Z", "2026-03-02T14:06:00Z")
    shell = next(row for row in whole["entities"] if row["entity"] == SHELL)
    assert (shell["negative_before"], shell["documents_before"], shell["symbols"]) == (6, 6, ["SHEL"])
    assert shell["change"] == pytest.approx(-5 / 7**0.5)
    assert shell["mean_score"] == pytest.approx((0.7 + 0.7 - 0.7) / 3, abs=1e-6)


def test_the_newest_minute_is_counted(filled: Any) -> None:
    with filled.serving() as url:
        ford = get(url, f"/api/entities/{FORD}", hours=1)
    assert ford["totals"]["negative"] == sum(ford["counts"]["negative"]) == 3
    assert ford["counts"]["negative"][-1] == 1


def test_search_finds_names_that_occurred_whatever_their_span(filled: Any) -> None:
    with filled.serving() as url:

        def found(q: str, **query: Any) -> list[tuple[str, int, int]]:
            return [
                (row["entity"], row["documents"], row["negative_before"]) for row in get(url, "/api/entities", q=q, **query)["entities"]
            ]

        assert found("alpen") == [(BANK, 2, 0)]
        assert found(" SHEL ") == [(SHELL, 3, 6)]
        assert found("alpen", hours=1) == [(BANK, 0, 0)], "named, but not in this hour"
        assert found("alpen", hours=2) == [(BANK, 0, 2)], "named in the two hours before"
        assert found("f") == [(FRANCE, 4, 0), (FORD, 3, 1)][::-1]
        assert found("f", kind="company", order="volume") == [(FORD, 3, 1)]
        assert found("nobody") == found("%") == found("' OR 1=1 --") == []


def test_search_knows_aliases_former_names_and_tickers_as_texts_write_them(filled: Any, naming: Any) -> None:
    bausch = "company:bausch-health-companies-inc"
    filled.insert(
        naming("Valeant falls", mention(bausch, name="Bausch Health", symbols=("BHC",))),
        naming("$EVIL falls", mention("found:evil", name="EVIL", symbols=("EVIL",))),
    )
    filled.store.rollups.update()
    with filled.serving() as url:

        def found(q: str) -> list[str]:
            return [row["entity"] for row in get(url, "/api/entities", q=q)["entities"]]

        assert found("Valeant") == [bausch]
        assert found("valea") == found("$BHC") == [bausch]
        assert found("$EVIL") == found("EVIL") == ["found:evil"]
        assert found("Volkswagen") == [], "known, but no document names it"
        assert found("$") == found("<") == []


def test_an_id_with_a_slash_is_told_apart_from_a_route(filled: Any, naming: Any) -> None:
    slashed = "company:a/documents"
    filled.insert(naming("A falls", mention(slashed, name="A of documents"), mention("company:a", name="A")))
    filled.store.rollups.update()
    with filled.serving() as url:
        for entity in (slashed, "company:a"):
            path = f"/api/entities/{quote(entity, safe='')}"
            assert get(url, path)["totals"]["entity"] == entity
            assert len(get(url, f"{path}/documents")["documents"]) == 1
        assert get(url, f"/api/entities/{slashed}/documents")["documents"], "not encoded, as long as nothing else is meant"


def test_an_entity_over_time_has_its_tone_and_counts_without_gaps(filled: Any) -> None:
    with filled.serving() as url:
        shell = get(url, f"/api/entities/{SHELL}")
    counts = shell["counts"]
    assert {len(column) for column in counts.values() if isinstance(column, list)} == {96}
    rows = {time: (total, tone) for time, total, tone in zip(counts["time"], counts["total"], counts["mean_score"], strict=True) if total}
    assert rows == {"2026-03-02T13:00:00Z": (2, 0.7), "2026-03-02T12:00:00Z": (1, -0.7)}
    assert counts["mean_score"].count(None) == 94
    assert (shell["totals"]["documents"], shell["totals"]["name"], shell["history"], shell["window_minutes"]) == (3, "Shell", None, None)


def test_where_the_detector_watches_an_entity_its_readings_are_the_expected_band(filled: Any) -> None:
    at = filled.clock.now().replace(2026, 3, 2, 14, 0)
    filled.store.detector.write_readings([SeriesReading(FORD, SeriesKind.TOPIC, at, 60, 3, 3, 0.5, 0.0, 2.0, 0.3, 1e-4)])
    with filled.serving() as url:
        ford = get(url, f"/api/entities/{FORD}")
    assert (ford["window_minutes"], ford["points"]["observed"], ford["points"]["high"]) == (60, [3], [2.0])


def test_elsewhere_the_band_is_what_was_usual_at_this_time_of_day(world: Any, naming: Any) -> None:
    """One negative document each day at 14:00, on weekdays only, and five today."""
    days = [day for day in range(1, 22) if (world.clock.now() - timedelta(days=day)).weekday() < 5]
    rows = [naming(f"Ford stalls, day {day}", FORD, age=timedelta(days=day)) for day in days]
    rows += [naming(f"Ford recalls {n}", FORD, age=n * MINUTE) for n in range(5)]
    rows += [naming("Shell drills", SHELL, age=timedelta(days=22))]
    world.insert(*rows)
    world.store.rollups.update()
    with world.serving() as url:
        band = get(url, f"/api/entities/{FORD}")["history"]
        week = get(url, f"/api/entities/{FORD}", hours=168)["history"]
        assert get(url, f"/api/entities/{FORD}", hours=504)["history"] is None, "no week is left before these three"
    assert (band["days"], week["days"]) == (21, 15)
    assert band["high"][-1] == 1.0
    assert band["expected"][-1] == pytest.approx(1 / 3, abs=0.01), "one of three: the step, the one before it and the one after it"
    assert (band["low"][-1], band["high"][40], band["expected"][40]) == (0.0, 0.0, 0.0)
    assert len(week["high"]) == 84


def test_documents_of_an_entity_come_newest_first_page_by_page_with_the_tone_towards_it(filled: Any) -> None:
    with filled.serving() as url:
        path = f"/api/entities/{SHELL}/documents"
        pages, position = [], ""
        while position is not None:
            page = get(url, path, limit=2, before=position)
            pages.append(page["documents"])
            position = page["next"]
        positive = get(url, path, sentiment="positive")["documents"]
        assert httpx.get(url + path, params={"before": "yesterday"}).status_code == 422
        assert get(url, path, before="0001-01-01T00:00:00Z") == {"documents": [], "next": None}
    titles = [row["document"]["title"] for page in pages for row in page]
    assert titles == ["Shell up 0", "Shell up 1", "Shell leaks", *[f"Shell down {n}" for n in range(6)]]
    assert [row["document"]["title"] for row in positive] == titles[:2]
    first = positive[0]
    assert (first["sentiment"], first["relevance"]) == ("positive", 0.5)
    assert first["document"]["sentiment"] == "negative", "the document's own tone is another matter"
    assert first["score"] == pytest.approx(0.7, abs=1e-6)


def test_every_document_carries_its_names_once_each_in_the_order_of_the_text(world: Any, naming: Any, alert: Any) -> None:
    both = (
        mention(FORD, 0, name="Ford", symbols=("F",), relevance=0.9),
        mention(SHELL, 10, tone="positive", name="Shell"),
        mention(FORD, 20, name="Ford", first=False),
    )
    world.insert(naming("Ford sues Shell; Ford wins", *both), naming("Nothing is named", age=MINUTE))
    with world.serving() as url:
        rows = get(url, "/api/documents")["documents"]
    assert [[one["entity"] for one in row["entities"]] for row in rows] == [[FORD, SHELL], []]
    assert rows[0]["entities"][0] == {
        "name": "Ford", "entity": FORD, "symbols": ["F"], "start": 0, "end": 6, "relevance": pytest.approx(0.9, abs=1e-6),
        "p_negative": pytest.approx(0.8, abs=1e-6), "p_neutral": pytest.approx(0.1, abs=1e-6), "p_positive": pytest.approx(0.1, abs=1e-6),
        "severity": None, "severity_word": None, "events": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    "entity", ["found:ac/dc", "found:日本 郵政", "found:100% ?&#;", "found:' OR 1=1 --", f"found:{BOMB}", "found:..", "found:é"]
)
def test_an_id_with_slashes_or_foreign_letters_is_found(world: Any, naming: Any, entity: str) -> None:
    world.insert(naming("Somebody plays", mention(entity, name=BOMB)))
    world.store.rollups.update()
    with world.serving() as url:
        path = f"/api/entities/{quote(entity, safe='')}"
        assert get(url, path)["totals"] | {"name": BOMB, "entity": entity, "documents": 1} == get(url, path)["totals"]
        documents = get(url, path + "/documents")["documents"]
        assert [row["document"]["entities"][0]["name"] for row in documents] == [BOMB]
        assert httpx.get(url + path + "x", timeout=PATIENCE_SECONDS).status_code == 404


@pytest.mark.parametrize("query", ["order=best", "limit=0", "limit=201", "hours=0", "hours=745", "kind=ghost", "q=" + "x" * 201])
def test_wrong_questions_are_refused(world: Any, query: str) -> None:
    with world.serving() as url:
        assert httpx.get(f"{url}/api/entities?{query}").status_code == 422


def test_a_name_that_never_occurred_is_said_to_be_unknown(filled: Any) -> None:
    with filled.serving() as url:
        for path in ("/api/entities/company:nobody", "/api/entities/company:nobody/documents"):
            answer = httpx.get(url + path)
            assert answer.status_code == 404
            assert "no stored document names 'company:nobody'" in answer.json()["detail"]


def test_of_twenty_thousand_entities_the_list_holds_what_was_asked_for(world: Any, naming: Any) -> None:
    rows = [naming(f"Company {n} is sued", f"company:number-{n}", age=timedelta(seconds=3 * n)) for n in range(20_000)]
    rows += [naming(f"Company 777 is sued again, {n}", "company:number-777", age=n * MINUTE) for n in range(3)]
    world.insert(*rows)
    world.store.rollups.update()
    with world.serving() as url:
        listed = get(url, "/api/entities", limit=20)["entities"]
        found = get(url, "/api/entities", q="number-199", limit=200)["entities"]
    assert len(listed) == 20
    assert (listed[0]["entity"], listed[0]["negative"], listed[1]["negative"]) == ("company:number-777", 4, 1)
    assert len(found) == 111, "199, 1990 to 1999 and 19900 to 19999"
