"""Documents in a language that the model does not know: stored, found, counted apart, and counted nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import timedelta

import httpx

from squall.core.config.settings import ProcessorSettings
from squall.core.items import Fate, Item, Origin
from squall.core.records import Document, Kind
from squall.core.text import document_id
from squall.stream.processor import Processor
from tests.integration.dashboards.conftest import NEWEST, World
from tests.support.doubles import HashScorer
from tests.support.linkers import company, linker_of

SPAN = (NEWEST - timedelta(hours=24), NEWEST + timedelta(minutes=1))
ENGLISH = (
    "ACME shares fell after a profit warning",
    "Regulators open an investigation into the bank",
    "Central bank leaves interest rates unchanged",
)
FOREIGN = (
    "ACME senkt die Prognose für das laufende Jahr deutlich",
    "Der Aufsichtsrat hat den Vorstand mit sofortiger Wirkung entlassen",
    "La banque supprime plusieurs centaines de postes dans ses agences",
)


def documents(titles: Iterable[str], source: str) -> list[Document]:
    return [
        Document(
            id=document_id(source, title),
            kind=Kind.NEWS,
            source=source,
            title=title,
            published_at=NEWEST - timedelta(minutes=number),
            collected_at=NEWEST - timedelta(minutes=number),
        )
        for number, title in enumerate(titles)
    ]


class Reader(HashScorer):
    """Knows some languages only; `model` names it."""

    def __init__(self, *languages: str, model: str = "hash-1") -> None:
        super().__init__()
        self.languages, self.model_version = languages, model


def process(world: World, engine: HashScorer, *given: Document) -> tuple[Processor, list[Fate]]:
    linker = linker_of(company("ACME"))
    store = world.store
    worker = Processor(engine, store.documents, store.dead_letters, ProcessorSettings(), world.clock, threading.Event(), linker=linker)
    outcomes = worker.process([Item(Origin("documents", 0, number), document=each) for number, each in enumerate(given)])
    world.later()
    return worker, [outcome.fate for outcome in outcomes]


def counted(world: World) -> tuple[object, ...]:
    """All that shares, tones, the detector and stories are made of."""
    store = world.store
    store.rollups.update()
    rolled = store.read("SELECT topic, language, sum(negative + neutral + positive) FROM sentiment_rollup FINAL GROUP BY ALL ORDER BY ALL")
    return (
        store.counts.by_topic(*SPAN),
        list(store.counts.per_minute(*SPAN).rows()),
        list(store.counts.per_minute(*SPAN, by="source").rows()),
        store.counts.volume(*SPAN, step=timedelta(hours=1)),
        store.entities.top(*SPAN),
        store.mentions.counted(*SPAN),
        list(rolled),
        [pending.id for pending in store.story_forming.settled(None, SPAN[1], 100)],
    )


def test_a_german_feed_beside_an_english_one_changes_no_share_and_the_page_says_how_many(world: World) -> None:
    engine = Reader("en")
    process(world, engine, *documents(ENGLISH, "wire"))
    before = counted(world)
    worker, fates = process(world, engine, *documents(FOREIGN, "dienst"))

    assert fates == [Fate.STORED] * 3
    assert counted(world) == before
    assert set(engine.texts) == set(ENGLISH)
    assert worker.totals.unscored == {"de": 2, "fr": 1}
    assert {(row.language, row.documents) for row in world.store.counts.unscored(*SPAN)} == {("de", 2), ("fr", 1)}
    totals = world.store.counts.totals()
    assert (totals.documents, totals.unscored, totals.negative + totals.neutral + totals.positive) == (6, 3, 3)
    with world.serving() as url, httpx.Client(base_url=url) as client:
        mood = client.get("/api/mood").json()
        assert mood["unscored"] == [{"language": "de", "documents": 2}, {"language": "fr", "documents": 1}]
        assert sum(map(sum, mood["total"])) == 3
        assert client.get("/api/overview").json()["totals"]["unscored"] == 3
        found = client.get("/api/documents", params={"q": "Aufsichtsrat"}).json()["documents"]
        assert [(row["title"], row["language"], row["scored"], row["topic"]) for row in found] == [(FOREIGN[1], "de", False, "")]
        every = client.get("/api/documents").json()["documents"]
        assert {row["language"]: row["scored"] for row in every} == {"en": True, "de": False, "fr": False}
        toned = [
            client.get("/api/documents", params={"sentiment": name}).json()["documents"] for name in ("negative", "neutral", "positive")
        ]
        assert sorted(row["title"] for rows in toned for row in rows) == sorted(ENGLISH)


def test_it_is_stored_once_until_a_model_comes_that_knows_its_language(world: World) -> None:
    german = documents(FOREIGN[:2], "dienst")
    process(world, Reader("en"), *german)

    assert process(world, Reader("en"), *german)[1] == [Fate.DUPLICATE] * 2
    assert process(world, Reader("en", model="hash-2"), *german)[1] == [Fate.DUPLICATE] * 2
    engine = Reader("en", "de", model="hash-3")
    assert process(world, engine, *german)[1] == [Fate.STORED] * 2
    assert set(engine.texts) == set(FOREIGN[:2])
    totals = world.store.counts.totals()
    assert (totals.documents, totals.unscored, len(world.store.mentions.counted(*SPAN))) == (2, 0, 1)
    assert process(world, Reader("de", "en", model="hash-3"), *german)[1] == [Fate.DUPLICATE] * 2


def test_what_another_model_read_is_gone_once_its_language_is_unknown(world: World) -> None:
    german = documents(FOREIGN[:2], "dienst")
    process(world, Reader("*", model="hash-0"), *german)
    assert len(world.store.mentions.counted(*SPAN)) == 1

    assert process(world, Reader("en"), *german)[1] == [Fate.STORED] * 2
    store = world.store
    assert (store.counts.totals().unscored, store.mentions.counted(*SPAN), store.counts.by_topic(*SPAN)) == (2, [], [])
    [found] = store.documents.search(words=("ACME",))
    assert (found.scored, found.language, store.mentions.of([found])) == (False, "de", {found.id: ()})
