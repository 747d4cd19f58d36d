"""Spans to tags and back, over prepared text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from squall.model.data.examples import Example
from squall.model.preprocess import prepare, prepare_aligned
from squall.model.spans import Span
from squall.model.tagging import tagged_spans, token_tags, whole_words
from squall.model.tasks import MISSING, TaskSpec
from squall.model.text_tokenizer import TextTokenizer
from squall.model.training.encoding import encode
from tests.support.labelled import MENTION

TYPED = TaskSpec("mention", ("O", "B-ORG", "B-PER", "I-ORG", "I-PER"), "tokens")


@st.composite
def _places(draw: st.DrawFn) -> tuple[list[tuple[int, int]], list[Span]]:
    """Tokens side by side, and spans that begin and end with tokens."""
    widths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=12))
    starts = [sum(widths[:i]) + i for i in range(len(widths))]
    tokens = [(a, a + w) for a, w in zip(starts, widths, strict=True)]
    spans, at = [], 0
    while at < len(tokens):
        if draw(st.booleans()):
            last = draw(st.integers(at, min(len(tokens) - 1, at + 3)))
            spans.append(Span(tokens[at][0], tokens[last][1], draw(st.sampled_from(["ORG", "PER"]))))
            at = last
        at += 1
    return [(0, 0), *tokens, (0, 0)], spans


@given(_places())
def test_spans_come_back_from_their_tags(places: tuple[list[tuple[int, int]], list[Span]]) -> None:
    offsets, spans = places
    tags = token_tags(spans, offsets, TYPED)
    assert tags[0] == tags[-1] == MISSING
    assert tagged_spans(tags, offsets, TYPED) == spans


def test_an_inside_tag_that_continues_nothing_begins_a_span() -> None:
    offsets = [(0, 2), (3, 5), (6, 8)]
    assert tagged_spans([3, 3, 4], offsets, TYPED) == [Span(0, 5, "ORG"), Span(6, 8, "PER")]


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(list("&#x12;ltgamp https://. \n\u200b"))), max_size=80))
def test_the_aligned_text_is_the_prepared_one_and_points_into_the_original(text: str) -> None:
    prepared, origin = prepare_aligned(text, 64)
    assert prepared == prepare(text, 64)
    assert len(origin) == len(prepared)
    assert origin == sorted(origin)
    assert all(0 <= at < len(text) for at in origin)


def test_tokens_are_where_their_words_stand_in_the_text_as_given(tiny_base: Path) -> None:
    text = "https://t.co/x  oil&amp;gold   rise, bank falls"
    (found,) = TextTokenizer(tiny_base / "tokenizer.json", 64).aligned([text])
    assert [text[start:end] for start, end in found.offsets[1:4]] == ["oil", "&", "gold"]
    spans = [Span(text.index("oil"), text.index("   rise")), Span(text.index("bank"), text.index(" falls"))]
    assert token_tags(spans, found.offsets, MENTION)[:7] == [MISSING, 1, 2, 2, 0, 0, 1]


def test_a_row_without_spans_of_a_task_teaches_it_nothing_and_one_with_none_teaches_outside(tiny_base: Path) -> None:
    tokenizer = TextTokenizer(tiny_base / "tokenizer.json", 16)
    rows = [
        Example("bank fall", {}, spans={"mention": (Span(0, 4),)}),
        Example("oil fall", {}, spans={"mention": ()}),
        Example("gold fall", {}),
    ]
    encoded = encode(rows, tokenizer, (MENTION,))
    assert encoded.tags["mention"] == [[MISSING, 1, 0, MISSING], [MISSING, 0, 0, MISSING], []]
    assert encoded.carrying(MENTION) == [0, 1]


def test_an_entity_of_thousands_of_digits_is_no_character_and_no_error() -> None:
    for text in ("a &#" + "9" * 5000 + "; b", "a &#" + "9" * 5000):
        assert prepare(text, 1000).split() == prepare_aligned(text, 1000)[0].split() == text.split()[:1] + text.split()[2:]


def test_a_word_is_in_a_name_as_a_whole_or_not_at_all() -> None:
    tags = np.asarray([0, TYPED.labels.index("B-ORG"), TYPED.labels.index("B-ORG"), 0, TYPED.labels.index("I-PER"), 0])
    inner = np.asarray([False, False, True, False, True, False])
    found = [TYPED.labels[tag] for tag in whole_words(tags, inner, TYPED)]
    assert found == ["O", "B-ORG", "I-ORG", "O", "O", "O"]
