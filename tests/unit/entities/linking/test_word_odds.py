"""Ordinary words that are names: the fitted odds, what the network adds to them, and how they are fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from squall.core.config.entities import EntitySettings
from squall.core.errors import ConfigurationError
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.evaluation.ambiguous_names import AmbiguousName, read_ambiguous_names
from squall.entities.evaluation.word_odds import fit_odds, weights_file
from squall.entities.linking.network_spans import Chance, NetworkSpans
from squall.entities.linking.odds.features import NETWORK_FEATURES, TEXT_FEATURES
from squall.entities.linking.odds.odds import shipped_weights
from squall.entities.linking.odds.usage import USAGE_FILE, is_written_small, log_small, usage
from tests.support.linkers import shipped

LABELLED = Path(__file__).parents[4] / "entities" / "labelled" / "word_names.jsonl"
MOST_BYTES = 250_000


def word_chances(text: str, organisation: float = 0.0, name: str = "") -> list[Chance]:
    """What a network says that takes each word as a token, and `name` for an organisation so surely."""
    chances, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        chances.append((start, at, organisation if word == name else 0.01, 0.01))
    return chances


def companies(text: str, name: str, organisation: float) -> list[str]:
    """Names of companies that the shipped linker finds where the network has no span but is so sure of `name`."""
    links = shipped().link(text, names_within=[(0, len(text))], chances=word_chances(text, organisation, name))
    return [text[link.start : link.end] for link in links if link.entity.startswith("company:")]


@pytest.mark.parametrize(("text", "name"), [("Lawyers of Target wrote to Apple", "Target"), ("We like what Gap did there", "Gap")])
def test_the_surer_the_network_is_of_a_word_the_sooner_it_links(text: str, name: str) -> None:
    found = [name in companies(text, name, organisation) for organisation in (0.01, 0.5, 0.9, 0.999)]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (False, True)


NAMESAKES = (
    ("$VKTX - FDA lifts hold on Viking's trial of its drug", "Viking", "company:viking-therapeutics-inc"),
    ("Sage Therapeutics falls as Sage cuts outlook", "Sage cuts", "company:sage-therapeutics-inc"),
    ("$UPS $DAL United joins Delta in suspending flights", "United", "company:united-airlines-holdings-inc"),
)


@pytest.mark.parametrize(("text", "place", "entity"), NAMESAKES)
def test_a_ticker_or_the_full_name_of_a_namesake_tells_whom_a_word_means(text: str, place: str, entity: str) -> None:
    links = {link.start: link.entity for link in shipped().link(text)}
    assert links[text.index(place)] == entity


def test_a_name_that_goes_on_behind_a_word_is_another_s() -> None:
    text = "Madison Target Capital buys Ocwen"
    alone, longer = word_chances(text, 0.99, "Target"), word_chances(text, 0.99, "Target")
    longer[2] = (*longer[2][:2], 0.99, 0.99)
    says = [NetworkSpans(text, [], [(0, len(text))], chances).said_of(8, 14).goes_on for chances in (alone, longer)]
    assert says == [0.01, 0.99]


def test_without_chances_a_span_counts_as_nearly_sure() -> None:
    spans = NetworkSpans("Target fell, Apple rose", [(0, 6, "ORG"), (13, 18, "PER")], [(0, 23)])
    target, apple = spans.said_of(0, 6), spans.said_of(13, 18)
    assert (target.label, target.others, apple.label, apple.others) == ("ORG", 0, "PER", 1)
    assert target.organisation > 3 > -3 > apple.organisation


def test_words_beside_companies_and_beside_ordinary_words_are_told_apart() -> None:
    beside = usage().beside
    for_company = ("+1 shares", "+1 announces", "+1 inc", "-1 upgrades", "-1 buys", "'s")
    against = ("-1 the", "-1 a", "+1 of", "-1 my", "-1 this")
    assert min(beside[key] for key in for_company) > 0 > max(beside[key] for key in against)


def test_words_that_are_often_written_small_are_ordinary() -> None:
    assert [word for word in ("steelmaker", "chipmaker", "province", "glitch", "carmaker") if not is_written_small(word)] == []
    assert [word for word in ("tesla", "wachovia", "apple", "pemex", "glencore") if is_written_small(word)] == []
    assert log_small("next") > log_small("oracle") >= 0 == log_small("zorgblat")


def test_what_ships_of_usage_is_small() -> None:
    assert USAGE_FILE.stat().st_size < MOST_BYTES


def test_there_is_a_weight_for_each_feature() -> None:
    read, unread = shipped_weights()
    assert len(read.weights) == len(TEXT_FEATURES) + len(NETWORK_FEATURES)
    assert len(unread.weights) == len(TEXT_FEATURES)


TRADES_AND_THINGS = (
    ("Steelmaker cuts 3,000 jobs in Wales", "Steelmaker"),
    ("Province to sell bonds in euros", "Province"),
    ("Pram recall widens after injuries", "Pram"),
    ("Glitch halts trading in Tokyo", "Glitch"),
    ("STEELMAKER CUTS JOBS", "STEELMAKER"),
    ("Brewer lifts forecast on summer heat", "Brewer"),
    ("Chipmaker slides after warning", "Chipmaker"),
    ("Boeing halts deliveries of the 737 MAX", "MAX"),
)


@pytest.mark.parametrize(("text", "word"), TRADES_AND_THINGS)
def test_a_trade_a_place_or_a_thing_that_the_network_takes_for_a_name_is_none(text: str, word: str) -> None:
    start = text.index(word)
    links = shipped().link(
        text, names=[(start, start + len(word), "ORG")], names_within=[(0, len(text))], chances=word_chances(text, 0.9, word)
    )
    assert [link.entity for link in links if link.start == start] == []


def test_a_colour_of_a_terminal_is_no_part_of_a_name() -> None:
    text = "\x1b[31mTesla\x1b[0m shares fall"
    assert [(text[link.start : link.end], link.entity) for link in shipped().link(text)] == [("Tesla", "company:tesla-inc")]


@dataclass
class FakeReading:
    """Takes the first word for an organisation, surely where the text is about one."""

    texts: list[str]
    sure: list[float]
    names: list[list[tuple[int, int, str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = [[] for _ in self.texts]

    def names_within(self, row: int) -> Sequence[tuple[int, int]]:
        return [(0, len(self.texts[row]))]

    def name_chances(self, row: int) -> Sequence[Chance]:
        return word_chances(self.texts[row], self.sure[row], self.texts[row].split()[0])


def test_odds_are_fitted_on_labelled_words_and_judged_on_others() -> None:
    words = ("Target", "Gap", "Apple", "Visa", "Sprint", "Oracle", "Shell", "Total", "Ford", "Delta", "Carnival", "Unity")
    ends = ("is calm today", "was seen by many people", "may be there", "and others like it")
    names = [
        AmbiguousName(f"{word} {end}", 0, len(word), is_company=(at + number) % 2 == 0)
        for number, word in enumerate(words)
        for at, end in enumerate(ends)
    ]
    read = FakeReading([name.text for name in names], [0.95 if name.is_company else 0.05 for name in names])
    with_network, without = fit_odds(Catalogue.open(EntitySettings()), names, read)
    weights = dict(zip(with_network.names, with_network.weights, strict=True))
    assert weights["organisation"] > 0
    assert with_network.report["recall"]["value"] == 1.0
    assert without.report["recall"]["value"] < 0.5  # nothing else tells them apart
    assert "[with_network.weights]" in weights_file(with_network, without)


def test_labelled_words_that_no_company_is_called_by_are_an_error() -> None:
    text = "Zorgblat is calm"
    with pytest.raises(ConfigurationError, match="labelled names"):
        fit_odds(Catalogue.open(EntitySettings()), [AmbiguousName(text, 0, 8, is_company=True)], FakeReading([text], [0.9]))


def test_the_labelled_words_of_the_checkout_are_those_of_the_data_sets(data_folder: Path) -> None:
    names = read_ambiguous_names(LABELLED, data_folder)
    assert len(names) > 1_700
    assert 500 < sum(name.is_company for name in names) < len(names) / 2
