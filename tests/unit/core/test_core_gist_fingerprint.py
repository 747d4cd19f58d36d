"""The fingerprint of a document is that of its gist, by whichever way it is made."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from squall.core.text import fingerprint, gist, gist_fingerprint

WORDS = st.sampled_from(
    ["UPDATE 1-", "Shares", "fall", "3.2%", "+3%", "- Reuters", "https://x.io/a", "WWW.x.io", "RT @a:", "é", "$F", "🚀", "."]
)
TEXTS = st.lists(WORDS, max_size=9).map(" ".join) | st.text(max_size=40)


@given(TEXTS, TEXTS)
def test_a_fingerprint_made_from_title_and_text_is_that_of_the_gist(title: str, text: str) -> None:
    assert gist_fingerprint(title, text) == fingerprint(gist(title, text))
