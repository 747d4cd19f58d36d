"""Markup is removed once and the same way for every door; what is no markup stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.cleaning.markup import fullest, plain


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<b>Net</b>flix", "Netflix"),
        ("$<b>1</b>.5bn", "$1.5bn"),
        ("1<sup>st</sup> CO<sub>2</sub> <wbr>tax", "1st CO2 tax"),
        ("<p>One</p><p>two</p>", "One two"),
        ("One<br>two<br/>three<hr />four", "One two three four"),
        ("<li>One<li>two", "One two"),
        ("<td nowrap>One</td><td>two</td>", "One two"),
        ("<o:p></o:p>Word <my-widget a='b'>text</my-widget>", "Word text"),
        ('<a href="http://x.com/?a>b">Link</a>', "Link"),
        ('<img src="a.png" alt="<b>x</b>">Text', "Text"),
        ("<span title=Don't>It's</span> so", "It's so"),
        ('Text <a href="http://x.com/cut', "Text"),
        ("Net<!-- <b> -->flix", "Netflix"),
        ("a<script>if (a<b) x()</script>b<style>p{}</style>c", "a b c"),
        ("<![CDATA[in]]> it", "in it"),
        ('Agilent <A> rises, says <a href="http://x.com/">the desk</a>', "Agilent <A> rises, says the desk"),
        ('<a href="http://x.com/">Agilent <A> rises</a>', "Agilent <A> rises"),
        ('<A HREF="http://x.com/">Agilent</A> <A> rises', "Agilent <A> rises"),
        ("<b>Barnes</b> <B> up, <B>SentinelOne</B> <S> down, <u>Unity</u> <U>", "Barnes <B> up, SentinelOne <S> down, Unity <U>"),
        ("Li Auto <LI>, <i>Toronto-Dominion</i> <TD> and DuPont <DD>", "Li Auto <LI>, Toronto-Dominion <TD> and DuPont <DD>"),
        ("<UL><LI>One<LI>two</UL>", "One two"),
        ("<TABLE><TR><TD>One<TD>two</TABLE>", "One two"),
        ("<!DOCTYPE html><?xml version='1.0'?>text", "text"),
    ],
)
def test_tags_within_words_vanish_and_others_part_words(markup: str, text: str) -> None:
    assert plain(markup) == text


@pytest.mark.parametrize(
    "text",
    [
        "Ford <F.N> falls",
        "Agilent <A> and AT&T <T> rise",
        "a < b and c > d",
        "a<b",
        "p<0.05 <3",
        "if a <b and c> d",
        "mail <risk@example.com> or <http://example.com/a>",
        "AT&T & S&P fall",
        "&copy=3 &unknown; &;",
        "<!-- no end",
        "-> here <-",
    ],
)
def test_what_is_no_markup_stays(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("AT&amp;T", "AT&T"),
        ("AT&amp;amp;T", "AT&amp;T"),
        ("&lt;b&gt;", "<b>"),
        ("it&#39;s &#x1F680; &#150; &nbsp;now", "it's 🚀 – now"),
        ("&#55357;&#56832; &#99999999999;", "😀 &#99999999999;"),
        ("Net&shy;flix Net\u200bflix", "Netflix Netflix"),
    ],
)
def test_entities_are_decoded_once(markup: str, text: str) -> None:
    assert plain(markup) == text


def test_lines_of_a_text_without_tags_stay_lines_and_those_of_markup_do_not() -> None:
    assert plain(" One  line\n two\n\n\n\nthree ") == "One line\ntwo\n\nthree"
    assert plain("<p>One\nline</p>\ntwo") == "One line two"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_words_without_markup_are_never_lost(text: str) -> None:
    kept = text.replace("<", "").replace("&", "")
    assert plain(kept).split() == kept.translate(dict.fromkeys((0xAD, 0x200B, 0x2060, 0xFEFF))).split()


@given(st.text(st.sampled_from("<>/!-&;#bp ='\"\n?[]aA1")))
def test_any_markup_is_read(markup: str) -> None:
    assert len(plain(markup)) <= len(markup)


def test_the_text_that_says_most_is_chosen_without_its_markup_and_links() -> None:
    image = '<img src="https://example.com/a/very/long/path/to/an/image/of/a/bank.png">'
    assert fullest([image, "A bank fails"]) == "A bank fails"
    assert fullest(["It falls… https://t.co/abcdefghijk", "It falls by half today"]) == "It falls by half today"
    assert fullest(["", "one", "two"]) == "one"
    assert fullest([]) == ""
