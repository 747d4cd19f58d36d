"""What holds for every text."""

from __future__ import annotations

import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from squall.core.records import MOST_MENTIONS
from squall.entities.catalogue.catalogue import Catalogue
from squall.entities.linking.dictionary import Dictionary
from squall.entities.linking.folding import fold, fold_name
from squall.entities.linking.link import Role
from tests.support.linkers import company, linker_of

ENTITIES = (
    company("Apple", ticker="AAPL", size=6),
    company("Nestlé", ticker="NSRGY", size=6),
    company("AT&T", ticker="T", size=6),
    company("Sainsbury's", ticker="JSAIY"),
    company("J.P. Morgan", ticker="JPM", size=6),
    company("Bank of America", ticker="BAC", size=6),
    company("Goldman Sachs", "Goldman", ticker="GS", size=5),
)
LINKER = linker_of(*ENTITIES)
DICTIONARY = Dictionary(Catalogue(ENTITIES))
PIECES = st.sampled_from(
    [
        *(
            "Apple",
            "apple's",
            "NESTLÉ",
            "Nestle\u0301",
            "AT&amp;T",
            "AT&T",
            "Sainsbury's",
            "J.P. Morgan",
            "Bank of  America",
            "Goldman",
            "shares",
            "$AAPL",
        ),
        *(
            "(NYSE: T)",
            "<T.N>",
            "🙂",
            "👩‍👩‍👧",
            "\u200b",
            "\r\n",
            ". ",
            "the ",
            " cuts ",
            "—",
            "İ",
            "ﬁ",
            "$5bn",
            "US$",
            "\u0301",
            " - Reuters",
            "&amp;",
        ),
    ]
)
TEXTS = st.one_of(st.lists(st.one_of(PIECES, st.just(" "), st.text(max_size=5)), max_size=25).map("".join), st.text(max_size=200))
SPANS = st.lists(st.tuples(st.integers(0, 120), st.integers(0, 120), st.sampled_from(["ORG", "PER", "LOC", "MISC"])), max_size=8)


@settings(max_examples=150, deadline=None)
@given(text=TEXTS, names=SPANS)
def test_links_are_sorted_do_not_overlap_and_lie_within_the_text(text: str, names: list[tuple[int, int, str]]) -> None:
    links = LINKER.link(text, names=names)
    assert len(links) <= MOST_MENTIONS
    last = 0
    seen: set[str] = set()
    for link in links:
        assert last <= link.start < link.end <= len(text)
        assert 0.0 <= link.relevance <= 1.0
        assert link.first == (link.entity not in seen)
        assert (link.relevance > 0) == (link.role is Role.SUBJECT)
        seen.add(link.entity)
        last = link.end
    assert links == LINKER.link(text, names=names)


@settings(max_examples=150, deadline=None)
@given(text=TEXTS)
def test_what_links_is_a_form_of_the_entity_s_name_or_its_ticker(text: str) -> None:
    for link in LINKER.link(text):
        said = text[link.start : link.end]
        form = DICTIONARY.form(fold_name(said))
        named = form is not None and link.entity in {entity.id for entity in form.entities}
        assert named or said.lstrip("$").partition(".")[0].upper() in link.symbols, said


@settings(max_examples=150, deadline=None)
@given(text=TEXTS, more=TEXTS)
def test_what_follows_a_paragraph_later_does_not_move_what_was_found(text: str, more: str) -> None:
    filler = "\n" + "lorem ipsum dolor sit amet " * 8 + "\n"
    before = {(link.start, link.end) for link in LINKER.link(text + filler)}
    after = {(link.start, link.end) for link in LINKER.link(text + filler + more)}
    assert before <= after


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=200))
def test_every_folded_letter_leads_back_to_its_own(text: str) -> None:
    folded = fold(text)
    for at, character in enumerate(folded.text[:-1]):
        if character not in {" ", "&"}:
            start, end = folded.span(at, at + 1)
            assert fold_name(text[start:end])[:1] == character
            assert folded.position(start, end)[0] == at


def test_every_character_of_unicode_folds_to_one_or_to_a_space() -> None:
    for code in range(0, sys.maxunicode + 1, 7):
        character = chr(code)
        assert len(fold(f"a{character}b").text.replace(" ", "")) in {2, 3}, code
