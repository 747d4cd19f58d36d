"""Tokenises the texts of a call: short ones as they are, of longer ones what is worth reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from squall.model.excerpt.choice import Wanted, excerpt
from squall.model.excerpt.sentences import Place
from squall.model.excerpt.word_weights import shipped_weights
from squall.model.text_tokenizer import NOTHING, TextTokenizer

_CHARS_PER_TOKEN: Final = 8
"""A text of more characters is hardly ever short enough: what to read of it is chosen before it is tokenised."""

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
    surely = [i for i, text in enumerate(texts) if len(text) > tokenizer.max_tokens * _CHARS_PER_TOKEN]
    parts = _parts(tokenizer, texts, surely, wanted)
    found = tokenise(texts, parts)
    full = [i for i, tokens in enumerate(found) if length(tokens) >= tokenizer.max_tokens and i not in parts]
    if full:
        later = _parts(tokenizer, texts, set(full).difference(surely), wanted)
        for i, tokens in zip(later, tokenise([texts[i] for i in later], dict(enumerate(later.values()))), strict=True):
            found[i] = tokens
        parts = {**parts, **later}
    return found, parts


def _parts(tokenizer: TextTokenizer, texts: Sequence[str], numbers: Iterable[int], wanted: WantedOf) -> Mapping[int, Sequence[Place]]:
    """Return what to read of each of these texts that is too long."""
    chosen = ((i, excerpt(texts[i], tokenizer, shipped_weights(), wanted(i))) for i in numbers)
    return {i: parts for i, parts in chosen if parts is not None} or NOTHING
