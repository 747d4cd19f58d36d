from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.core.records import Kind
from squall.dashboards.page.routes.documents import _page

pytestmark = pytest.mark.slow

NO_FILTER = {"topic": "", "source": "", "symbol": "", "language": "", "sentiment": "", "kind": ""}


def test_documents_come_newest_first_filtered_and_no_more_than_asked(world: Any, scored: Any) -> None:
    world.insert(
        scored("First", age=timedelta(minutes=3)),
        scored("Second", "positive", age=timedelta(minutes=2), symbols=("XYZ",)),
        scored("Third", topic="Earnings", age=timedelta(minutes=1), source="other"),
    )

    def titles(**query: Any) -> list[str]:
        answer = httpx.get(url + "/api/documents", params=query)
        assert answer.status_code == 200, answer.text
        return [row["title"] for row in answer.json()["documents"]]

    with world.serving() as url:
        assert titles() == ["Third", "Second", "First"]
        assert titles(limit=1) == ["Third"]
        assert titles(sentiment="positive") == ["Second"]
        assert titles(topic="Earnings") == ["Third"]
        assert titles(source="other") == ["Third"]
        assert titles(symbol="XYZ") == ["Second"]
        assert titles(topic="no' OR 1=1 --\t\n\\") == []
        assert titles(before="2026-03-02T14:04:00Z") == ["Second", "First"]
        assert titles(before="2026-03-02T15:04:00+01:00") == ["Second", "First"]
        assert titles(before="0001-01-01T00:00:00Z") == []
        assert titles(before="9999-12-31T23:59:59Z") == ["Third", "Second", "First"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "before=2026-03-02T14:04:00", "sentiment=angry", "topic=" + "x" * 201]
)
def test_wrong_questions_are_refused(world: Any, query: str) -> None:
    with world.serving() as url:
        assert httpx.get(f"{url}/api/documents?{query}").status_code == 422


def test_kind_and_language_filter(world: Any, scored: Any) -> None:
    world.insert(scored("News", language="en"), scored("Post", kind=Kind.SOCIAL, language="de", undated=True))
    with world.serving() as url:
        told = httpx.get(url + "/api/documents").json()["documents"]
        assert {row["title"]: row["undated"] for row in told} == {"News": False, "Post": True}

        def titles(**query: Any) -> list[str]:
            return [row["title"] for row in httpx.get(url + "/api/documents", params=query).json()["documents"]]

        assert titles(kind="social") == ["Post"]
        assert titles(language="en") == ["News"]
        assert titles(kind="news", language="de") == []
        assert httpx.get(url + "/api/documents?kind=rumour").status_code == 422


HOSTILE_WORDS = ["100%", "snow_flake", "O'Reilly", '"quoted"', "back\\slash", "{ids:Array(String)}", "');DROP", "<b>", "Ärger", "株価"]


def test_every_word_must_be_in_title_or_text_and_no_word_is_a_pattern(world: Any, scored: Any) -> None:
    world.insert(scored(" ".join(HOSTILE_WORDS)), scored("Bank fails", text="Savers queue in ZÜRICH", age=timedelta(minutes=1)))
    with world.serving() as url:

        def found(q: str) -> list[str]:
            answer = httpx.get(url + "/api/documents", params={"q": q})
            assert answer.status_code == 200, answer.text
            return [row["title"][:4] for row in answer.json()["documents"]]

        assert found("bank") == found("zürich BANK") == found("  queue\tfails ") == ["Bank"]
        assert found("bank 100%") == found("b%k") == found("ban.") == found("b_nk") == []
        for word in HOSTILE_WORDS:
            assert found(word) == found(word.upper()) == found(word.lower()) == ["100%"], word
        assert found("x' OR 1=1 --") == found("\\' OR 1=1") == found("\x00") == []
        assert found("") == found("   ") == ["100%", "Bank"]
        assert httpx.get(url + "/api/documents", params={"q": "x" * 201}).status_code == 422


def test_a_page_goes_on_where_the_one_before_ended(world: Any, scored: Any) -> None:
    world.insert(*(scored(f"Same moment {number}") for number in range(5)), scored("Earlier", age=timedelta(days=40)))
    with world.serving() as url:
        pages, before = [], ""
        while before is not None:
            answer = httpx.get(url + "/api/documents", params={"limit": 2, "before": before}).json()
            pages.append([row["title"] for row in answer["documents"]])
            before = answer["next"]
    assert [len(page) for page in pages[:3]] == [2, 2, 2]
    assert sorted(title for page in pages for title in page) == ["Earlier", *(f"Same moment {number}" for number in range(5))]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(1, 5), st.booleans())
def test_paging_neither_loses_nor_repeats_a_document(world: Any, scored: Any, ages: list[int], limit: int, negative: bool) -> None:
    world.store._backend.command("TRUNCATE TABLE documents", {})
    rows = [
        scored(f"Document {number}", ("positive", "negative")[number % 2], age=timedelta(milliseconds=age))
        for number, age in enumerate(ages)
    ]
    world.store.documents.insert(rows, token="")
    wanted = {**NO_FILTER, "sentiment": "negative" if negative else ""}
    expected = sorted(
        (row.document for row in rows if not negative or row.sentiment == "negative"),
        key=lambda row: (-row.published_at.timestamp(), row.id),
    )
    found, before = [], ""
    for _ in range(len(ages) + 2):
        page = _page(world.store, limit, before, (), wanted)
        found += [row.id for row in page.documents]
        if page.next is None:
            break
        before = page.next
    assert found == [row.id for row in expected]


@pytest.mark.parametrize(
    "before", ["yesterday", "2026-03-02T14:04:00Z,xyz", ",", "2026-03-02T14:04:00,", "2026-03-02T14:04:00Z," + "0" * 33]
)
def test_an_invalid_position_is_refused_with_the_reason(world: Any, before: str) -> None:
    with world.serving() as url:
        answer = httpx.get(url + "/api/documents", params={"before": before})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("query.before: ")


def test_a_list_has_the_newest_version_and_the_earlier_ones_can_be_asked_for(world: Any, scored: Any) -> None:
    first = scored("Apple to report at noon", "neutral", age=timedelta(hours=1))
    second = scored("Apple plunges 40% after fraud admission", revises=first.document.id, undated=True)
    other = scored("Quake hits the coast", age=timedelta(minutes=30))
    world.insert(first, second, other)
    with world.serving() as url:
        listed = httpx.get(url + "/api/documents").json()["documents"]
        found = httpx.get(f"{url}/api/documents/{first.document.id}/versions").json()
        assert httpx.get(f"{url}/api/documents/{second.document.id}/versions").json() == found
        unknown = httpx.get(f"{url}/api/documents/{'0' * 32}/versions")
    assert [row["id"] for row in listed] == [second.document.id, other.document.id]
    assert [(row["id"], row["revises"], row["undated"]) for row in found["documents"]] == [
        (second.document.id, first.document.id, True),
        (first.document.id, "", False),
    ]
    assert found["next"] is None
    assert (unknown.status_code, "no document" in unknown.json()["detail"]) == (404, True)
