"""Stories: which documents form one, and what is said of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from squall.stories import NOVELTY, Incoming, Remembered, StoryIndex, read_headline
from squall.stories.story import HOUR_MS, Story

START = datetime(2026, 3, 2, tzinfo=UTC)


def _documents(*titles: str, minutes: int = 10, names: tuple[str, ...] = ()) -> list[Incoming]:
    return [Incoming(f"d{n}", title, START + timedelta(minutes=n * minutes), names) for n, title in enumerate(titles)]


def _stories(*titles: str, minutes: int = 10) -> list[str]:
    return [member.story_id for member in StoryIndex().add_all(_documents(*titles, minutes=minutes))]


def _remembered(index: StoryIndex, document: Incoming) -> Remembered:
    known = index.remembered(document.id)
    assert known is not None
    return known


def _all_remembered(index: StoryIndex, wire: list[Incoming]) -> list[Remembered]:
    return [known for document in wire if (known := index.remembered(document.id)) is not None]


@pytest.mark.parametrize(
    "titles",
    [
        ("Citigroup pays $158 mln in mortgage fraud pact", "UPDATE 4-Citigroup pays $158 million in U.S. mortgage fraud pact"),
        ("Jeweler Graff kick starts $1 billion HK IPO: source", "UPDATE 2-Jeweller Graff kick starts $1 bln HK IPO-source"),
        ("Harbor Union halts withdrawals", "Withdrawals halted at Harbor Union, depositors queue"),
        ("Quake hits Alpenland coast, no damage", "Magnitude 5.5 earthquake jolts Alpenland coast"),
    ],
)
def test_copies_and_retellings_are_one_story(titles: tuple[str, str]) -> None:
    assert len(set(_stories(*titles))) == 1


@pytest.mark.parametrize(
    "titles",
    [
        ("Apple shares +3.2%", "Apple shares -3.2%"),
        ("Northwind Steel shares rise 7 pct on results", "Northwind Steel shares fall 7 pct on results"),
        ("Moody's upgrades Northwind Steel to Baa1", "Moody's downgrades Northwind Steel to Baa1"),
        ("Alpenbank to buy Lumen Foods", "Meridian Air grounds fleet after engine failure"),
        ("Northwind Steel reports third quarter results", "Quillon Pharma reports third quarter results"),
    ],
)
def test_opposite_moves_and_different_events_are_two_stories(titles: tuple[str, str]) -> None:
    assert len(set(_stories(*titles))) == 2


def test_a_headline_without_direction_does_not_lead_from_a_rise_to_a_fall() -> None:
    rise, between, fall = _stories(
        "Northwind Steel shares +7.1% on quarterly results",
        "Northwind Steel shares on quarterly results",
        "Northwind Steel shares -7.1% on quarterly results",
    )
    assert rise == between != fall


def test_novelty_decays_as_the_vendors_define_it() -> None:
    members = StoryIndex().add_all(_documents(*["Harbor Union halts withdrawals after run on deposits"] * 23, minutes=5))
    assert [member.novelty for member in members] == [*NOVELTY, 0, 0, 0]
    assert [member.size for member in members] == list(range(1, 24))
    assert [member.first for member in members] == [True] + [False] * 22


def test_what_was_last_similar_a_day_ago_is_new_again_but_of_the_same_story() -> None:
    titles = ["Harbor Union halts withdrawals after run on deposits", "Harbor Union extends halt of withdrawals, depositors queue"]
    first, later = StoryIndex().add_all(_documents(*titles, minutes=25 * 60))
    assert (later.story_id, later.novelty, later.since_last, later.last) == (first.story_id, 100, 25 * 3600.0, first.document)


def test_time_and_distance_are_those_of_the_last_similar_document() -> None:
    one, same, other = StoryIndex().add_all(
        _documents(
            "Harbor Union halts withdrawals after run on deposits",
            "UPDATE 1-Harbor Union halts withdrawals after run on deposits",
            "Harbor Union halts withdrawals, regulator steps in",
        )
    )
    assert (one.last, one.since_last, one.distance) == ("", None, None)
    assert (same.last, same.since_last) == (one.document, 600.0)
    assert same.distance == pytest.approx(0.0, abs=1e-9)
    assert other.last == same.document
    assert other.distance is not None
    assert 0.1 < other.distance < 0.9


def test_linked_documents_are_counted_over_the_vendors_windows_and_by_name() -> None:
    bank, regulator = "company:harbor-union", "company:regulator"
    story = Story("a")
    for n, hours in enumerate((0, 1, 14, 30, 60, 100, 150)):
        story.add(read_headline("Harbor Union halts withdrawals", (bank,) if n % 2 == 0 else (bank, regulator)), hours * HOUR_MS)
    assert story.linked(151 * HOUR_MS) == (1, 1, 2, 3, 7)
    assert story.linked(180 * HOUR_MS) == (0, 0, 1, 3, 5)
    assert story.linked(13 * HOUR_MS) == (1, 2, 2, 2, 2)
    assert story.linked_by_name((bank, regulator, "company:other"), 151 * HOUR_MS) == {
        bank: (1, 1, 2, 3, 7),
        regulator: (0, 0, 1, 1, 3),
        "company:other": (0, 0, 0, 0, 0),
    }


def test_the_counts_of_a_member_are_those_before_it() -> None:
    bank = ("company:harbor-union",)
    members = StoryIndex().add_all(_documents(*["Harbor Union halts withdrawals after run on deposits"] * 4, names=bank))
    assert [member.linked[0] for member in members] == [0, 1, 2, 3]
    assert members[3].linked_by_name == {bank[0]: (3, 3, 3, 3, 3)}


def test_the_order_in_which_a_batch_is_handed_over_does_not_matter(wire: list[Incoming]) -> None:
    shuffled = wire.copy()
    Random(1).shuffle(shuffled)
    assert StoryIndex().add_all(shuffled) == StoryIndex().add_all(wire)


def test_a_redelivered_document_is_what_it_was_and_changes_nothing(wire: list[Incoming]) -> None:
    once, twice = StoryIndex(), StoryIndex()
    random = Random(2)
    for n, document in enumerate(wire):
        assert twice.add(document) == once.add(document)
        again = wire[max(0, n - random.randrange(50))]
        assert twice.add(again) == once.add(again)
    assert _all_remembered(once, wire) == _all_remembered(twice, wire)


@pytest.mark.parametrize("most", [250_000, 60])
def test_a_restored_index_goes_on_as_if_it_had_never_stopped(wire: list[Incoming], most: int) -> None:
    whole = StoryIndex(most)
    expected = [whole.add(document) for document in wire]
    for cut in (1, len(wire) // 3, len(wire) - 100):
        index = StoryIndex(most)
        said, kept = [], []
        for document in wire[:cut]:
            said.append(index.add(document))
            kept.append(_remembered(index, document))
        index = StoryIndex.restore(kept, most)
        said += [index.add(document) for document in wire[cut:]]
        assert said == expected
        assert len(index) == len(whole)
        assert _all_remembered(index, wire) == _all_remembered(whole, wire)


def test_an_index_is_restored_alike_from_what_it_holds_and_from_more(wire: list[Incoming]) -> None:
    whole = StoryIndex()
    kept = []
    for document in wire[:-20]:
        whole.add(document)
        kept.append(_remembered(whole, document))
    held = kept[-len(whole) :]
    assert len(held) < len(kept)
    expected = [whole.add(document) for document in wire[-20:]]
    for known in (held, kept):
        index = StoryIndex.restore(known)
        assert [index.add(document) for document in wire[-20:]] == expected


def test_a_document_that_was_swept_is_not_remembered(wire: list[Incoming]) -> None:
    index = StoryIndex(10)
    index.add_all(wire[:11])
    assert index.remembered(wire[0].id) is None
    assert _remembered(index, wire[10]).title == wire[10].title


def test_a_headline_that_comes_every_day_begins_a_story_each_time_from_the_third_on() -> None:
    titles = ["Harbor Union weekly deposits of savings banks"] * 5
    assert _stories(*titles, minutes=24 * 60)[2:] == ["d2", "d3", "d4"]


def test_stories_form_and_end(wire: list[Incoming]) -> None:
    members = StoryIndex().add_all(wire)
    stories = {member.story_id for member in members}
    assert 64 < len(stories) < len(members)


def test_memory_is_bounded_by_time_and_by_number(wire: list[Incoming]) -> None:
    index = StoryIndex(50)
    for document in wire:
        index.add(document)
        assert len(index) <= 50
    assert len({known.member.story_id for known in _all_remembered(index, wire)}) <= 50
    index = StoryIndex()
    index.add_all(wire)
    index.add(Incoming("later", "Quarterly statistics of fisheries", wire[-1].published_at + timedelta(days=8)))
    assert len(index) == 1


def test_a_document_older_than_a_week_is_a_story_by_itself_and_is_not_remembered(wire: list[Incoming]) -> None:
    index = StoryIndex()
    index.add_all(wire)
    before = _all_remembered(index, wire)
    old = Incoming("old", wire[0].title, wire[-1].published_at - timedelta(days=8))
    member = index.add(old)
    assert (member.story_id, member.size, member.novelty) == ("old", 1, 100)
    assert index.remembered("old") is None
    assert _all_remembered(index, wire) == before


def test_a_late_document_joins_its_story_and_changes_nothing_that_was_said() -> None:
    index = StoryIndex()
    title = "Harbor Union halts withdrawals after run on deposits"
    first = index.add(Incoming("a", title, START + timedelta(hours=2)))
    late = index.add(Incoming("b", title, START))
    assert (late.story_id, late.size, late.since_last, late.linked) == ("a", 2, 0.0, (0, 0, 0, 0, 0))
    assert index.add(Incoming("a", title, START + timedelta(hours=2))) == first


@pytest.mark.parametrize("text", ["", "   ", "the of and", "!!!", "\u202e" * 50, "9" * 10_000, "a." * 5_000, "-+-+$$%%", "火災で工場停止"])
def test_odd_texts_are_stories_too(text: str) -> None:
    one, other = StoryIndex().add_all([Incoming("a", text, START), Incoming("b", text, START)])
    assert one.first
    assert other.size in {1, 2}
