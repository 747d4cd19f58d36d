"""Tokenises the texts of a call: short ones as they are, of longer ones what is worth reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from squall.model.excerpt.choice import Wanted, excerpt
from squall.model.excerpt.sentences import Place
from squall.model.excerpt.word_weights import shipped_weights
from squall.model.text_tokenizer import NOTHING, TextTokenizer

_CHARS_PER_TOKEN: Final = 8
"""A text of more characters is likely too long: its tokens are counted before they are placed, which takes longer."""

WantedOf = Callable[[int], Wanted]
"""Says whom a text of a call should be read about, by its number; asked for texts only that are too long."""
Tokens = TypeVar("Tokens")


def tokenised(
    tokenizer: TextTokenizer,
    texts: Sequence[str],
    wanted: WantedOf,
    tokenise: Callable[[Sequence[str], Mapping[int, Sequence[Place]]], list[Tokens]],
    length: Callable[[Tokens], int],
) -> tuple[list[Tokens], Mapping[int, Sequence[Place]]]:
    """Return the tokens of each text, and for each text that is too long, by its number, what was read of it.

    Args:
        tokenizer: of the checkpoint.
        texts: of any length.
        wanted: see `WantedOf`.
        tokenise: `TextTokenizer.ids` or `aligned`.
        length: how many tokens there are.
    """
    likely = [i for i, text in enumerate(texts) if len(text) > tokenizer.max_tokens * _CHARS_PER_TOKEN]
    counted = zip(likely, tokenizer.lengths([texts[i] for i in likely]), strict=True)
    parts = _parts(tokenizer, texts, (i for i, tokens in counted if tokens > tokenizer.room), wanted)
    found = tokenise(texts, parts)
    full = [i for i, tokens in enumerate(found) if length(tokens) >= tokenizer.max_tokens and i not in parts]
    if full:  # they have as many tokens, or more
        counted = zip(full, tokenizer.lengths([texts[i] for i in full]), strict=True)
        later = _parts(tokenizer, texts, (i for i, tokens in counted if tokens > tokenizer.room), wanted)
        for i, tokens in zip(later, tokenise([texts[i] for i in later], dict(enumerate(later.values()))), strict=True):
            found[i] = tokens
        parts = {**parts, **later}
    return found, parts


def _parts(tokenizer: TextTokenizer, texts: Sequence[str], numbers: Iterable[int], wanted: WantedOf) -> Mapping[int, Sequence[Place]]:
    """Return what to read of each of these texts, which are too long."""
    return {i: excerpt(texts[i], tokenizer, shipped_weights(), wanted(i)) for i in numbers} or NOTHING
