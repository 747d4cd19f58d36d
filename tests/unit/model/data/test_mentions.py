"""Names and tones in the public sets: what is annotated, what is certain, and what nobody has judged."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.errors import ConfigurationError
from squall.model.data.conll import read_conll
from squall.model.data.examples import Example
from squall.model.data.mentions.annotation import NameAnnotator
from squall.model.data.mentions.gazetteer import Gazetteer, company_names, short_name
from squall.model.data.mentions.rewriting import MARKS, marked, recased, renamed, title_case
from squall.model.data.mentions.sets import cashtag_tones, finentity_tones, sentfin_tones
from squall.model.data.mentions.words import OrdinaryWords, words_of
from squall.model.data.near_duplicates import deduplicate
from squall.model.data.public_sets import public_examples
from squall.model.spans import UNKNOWN, Span, first_places
from squall.model.tasks import MENTION_SENTIMENT, NAMES, SENTIMENT

PLAIN = "the bank said its shares fell as gold and oil stocks rose and the market waited for a new target of the fund"


@pytest.fixture
def annotator(tmp_path: Path) -> NameAnnotator:
    path = tmp_path / "companies.csv"
    table = {"name": ["Larch Holdings Inc.", "Gold Corp", "Novaretti SpA"], "other_names": ["Larch & Co", "", ""]}
    pd.DataFrame(table).to_csv(path, index=False)
    return NameAnnotator(Gazetteer.open(path, OrdinaryWords.of([PLAIN] * 3)), frozenset({"target"}))


def _named(text: str, annotator: NameAnnotator, *annotated: str) -> dict[str, str]:
    places = [Span(text.index(name), text.index(name) + len(name)) for name in annotated]
    return {text[s.start : s.end]: s.label for s in annotator.names(text, sorted(places))}


def test_an_annotated_company_is_an_organisation_and_an_ordinary_word_none(annotator: NameAnnotator) -> None:
    assert _named("Drakemoor Energy and Gold rose", annotator, "Drakemoor Energy", "Gold") == {"Drakemoor Energy": "ORG"}


def test_a_company_that_is_an_ordinary_word_is_one_where_its_set_says_so(annotator: NameAnnotator) -> None:
    assert _named("the shares of Target fell", annotator, "Target") == {"Target": "ORG"}


def test_what_nobody_annotated_is_outside_only_if_it_is_an_ordinary_word(annotator: NameAnnotator) -> None:
    found = _named("Shares of Pemex fell in China, said Larch & Co and Angela Merk", annotator)
    assert found == {"Pemex": UNKNOWN, "China": "LOC", "Larch & Co": "ORG", "Angela Merk": "PER"}


def test_an_annotated_stretch_that_is_more_than_a_name_stays_unjudged(annotator: NameAnnotator) -> None:
    assert _named("Vestas stocks fell", annotator, "Vestas stocks") == {"Vestas stocks": UNKNOWN}


def test_who_said_it_is_a_person(annotator: NameAnnotator) -> None:
    assert _named("the market waited for gold: Sandip Wagol, Anagrim", annotator, "Anagrim") == {"Sandip Wagol": "PER", "Anagrim": "ORG"}


@given(st.text(alphabet="Ab c:.,&'$é\u0301🚀", max_size=60))
def test_names_of_any_text_are_sorted_apart_and_inside(text: str) -> None:
    annotator = NameAnnotator(Gazetteer(OrdinaryWords.of([PLAIN] * 3)))
    found = annotator.names(text, ())
    assert all(0 <= span.start < span.end <= len(text) for span in found)
    assert all(left.end <= right.start for left, right in pairwise(found))


def test_words_of_titles_and_first_words_say_nothing_of_case() -> None:
    ordinary = OrdinaryWords.of(["Visa said the visa rules changed"] * 3 + ["All Words Of This Title Are Capitalised"] * 5)
    assert "visa" in ordinary
    assert "said" in ordinary
    assert "title" not in ordinary


def test_each_name_is_found_where_it_first_stands_and_a_part_of_another_behind_it() -> None:
    text = "Nokia India's loss hits nokia; AirAsia, Asia"
    places = first_places(text, ["Nokia", "Nokia India", "Asia", "Samsung"])
    assert [text[slice(*place)] if place else None for place in places] == ["nokia", "Nokia India", "Asia", None]
    assert places[2] == (text.rindex("Asia"), len(text))


def test_sentfin_is_read_around_its_defects(data_folder: Path) -> None:
    said: list[str] = []
    rows = list(sentfin_tones(data_folder / "sentfin" / "SEntFiN.csv", said.append))
    assert (len(rows), sum(len(tones) for _, tones in rows)) == (10_740, 14_352)
    assert "skipped 13 rows" in said[0]
    assert {span.label for _, tones in rows for span in tones} == set(MENTION_SENTIMENT.labels)


def test_finentity_is_read_around_its_defects(data_folder: Path) -> None:
    said: list[str] = []
    rows = list(finentity_tones(data_folder / "finentity" / "FinEntity.json", said.append))
    assert (len(rows), sum(len(tones) for _, tones in rows)) == (979, 2_058)
    assert "skipped 70 spans" in said[0]


def test_the_tone_of_a_tweet_with_one_cashtag_is_that_of_its_company(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("text,label\n$LRCH sinks,0\n$LRCH and $NOVA rise,1\nnobody,2\n")
    assert list(cashtag_tones(path)) == [("$LRCH sinks", (Span(0, 5, "negative"),))]


def test_loan_agreements_are_sentences_with_names(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    words = ["LOAN O", "by O", "SILICON I-ORG", "BANK I-ORG", ", O", "in O", "Texas I-LOC"]
    path.write_text("\n".join([" -DOCSTART- -X- O O", "", *words, "", "End O", ""]))
    found = list(read_conll(path))
    assert found[0] == ("LOAN by SILICON BANK, in Texas", (Span(8, 20, "ORG"), Span(25, 30, "LOC")))
    assert found[1] == ("End", ())
    path.write_text("broken\n")
    with pytest.raises(ConfigurationError, match=r"a.txt, line 1: 'broken' is no word and tag"):
        list(read_conll(path))


@pytest.mark.parametrize(
    ("name", "short"),
    [("Apple Inc.", "Apple"), ("Larch Holdings, Ltd.", "Larch"), ("AG", "AG"), ("The Gap, Inc.", "The Gap"), ("Siemens AG", "Siemens")],
)
def test_a_companys_short_name_has_no_legal_form(name: str, short: str) -> None:
    assert short_name(name) == short


ROW = Example(
    "Larch sues Pemex; Larch falls",
    {"sentiment": 0},
    "s",
    {
        NAMES.name: (Span(0, 5, "ORG"), Span(11, 16, "?"), Span(18, 23, "ORG")),
        MENTION_SENTIMENT.name: (Span(0, 5, "negative"), Span(11, 16, "neutral"), Span(18, 29, "negative")),
    },
)


def test_other_names_move_every_span_and_keep_every_label() -> None:
    (row,) = renamed([ROW], ["Bank of Novaretti"], 1.0, seed=1)
    assert row.text == "Bank of Novaretti sues Pemex; Bank of Novaretti falls"
    assert [row.text[s.start : s.end] for s in row.spans[NAMES.name]] == ["Bank of Novaretti", "Pemex", "Bank of Novaretti"]
    assert row.text[slice(*row.spans[MENTION_SENTIMENT.name][2][:2])] == "Bank of Novaretti falls"
    assert (row.labels, row.source) == (ROW.labels, "s, renamed")


@given(st.integers(0, 50))
def test_another_case_keeps_every_place(seed: int) -> None:
    (row,) = recased([ROW], 0.99, seed)
    assert row.text.lower() == ROW.text.lower()
    assert row.spans == ROW.spans


def test_title_case_begins_words_and_leaves_the_rest() -> None:
    assert title_case("eBay's iPhone falls 3%") == "EBay's IPhone Falls 3%"


def test_a_table_of_companies_gives_names_with_and_without_legal_form(tmp_path: Path) -> None:
    path = tmp_path / "companies.csv"
    pd.DataFrame({"name": ["Larch Inc."], "other_names": ["LARCH;Larch Group"]}).to_csv(path, index=False)
    assert company_names(path) == ["Larch Inc.", "Larch", "LARCH", "Larch Group"]
    assert words_of("eBay")[0].capitalised


def test_a_mark_before_a_text_moves_every_span() -> None:
    (row,) = marked([ROW], 0.99, seed=1)
    mark = row.text.removesuffix(ROW.text)
    assert mark in MARKS
    for task, spans in row.spans.items():
        assert [row.text[s.start : s.end] for s in spans] == [ROW.text[s.start : s.end] for s in ROW.spans[task]]


def test_a_place_before_another_name_may_be_its_beginning(annotator: NameAnnotator) -> None:
    found = _named("shares of China Unicrom fell in China", annotator)
    assert found == {"China": "LOC", "Unicrom": UNKNOWN}  # the first China is unknown as well
    assert annotator.names("shares of China Unicrom fell", ())[0].label == UNKNOWN


@pytest.mark.slow
def test_the_public_sets_teach_names_and_tones_under_their_own_names(data_folder: Path) -> None:
    tasks = (SENTIMENT, NAMES, MENTION_SENTIMENT)
    rows = deduplicate(public_examples(data_folder, tasks, ("tfn_sentiment", "sentfin", "finentity", "sec_ner")))
    counts = Counter((row.source, task) for row in rows for task in [*row.labels, *row.spans])
    assert counts["tfn_sentiment", "sentiment"] > 9_000
    assert counts["tfn_sentiment", "names"] > 9_000
    assert ("sentfin", "sentiment") not in counts  # a headline's tones are those towards its entities
    assert counts["sentfin", "mention_sentiment"] > 10_600
    assert counts["finentity", "mention_sentiment"] > 900
    assert counts["sec_ner", "names"] > 1_000
    kinds = Counter(span.label for row in rows for span in row.spans.get("names", ()))
    assert kinds["ORG"] > 12_000
    assert min(kinds[kind] for kind in ("PER", "LOC", "MISC")) > 500
