"""Texts into what the network reads: prepared, cut into tokens, each token with its place in the text as it was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tokenizers import Encoding

from squall.model.case import with_case
from squall.model.excerpt.sentences import Place
from squall.model.preprocess import prepare, prepare_aligned
from squall.model.tokenizer import PAD_ID, load_tokenizer

NOTHING: Final[Mapping[int, Sequence[Place]]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TokenisedText:
    """One text.

    Args:
        ids: one or more; with the case in them where the network reads it.
        offsets: start and end of each token in characters of the text as given; empty (start = end) for special tokens.
        inner: whether each token continues the word of the one before.
    """

    ids: list[int]
    offsets: list[tuple[int, int]]
    inner: list[bool]


class TextTokenizer:
    """Prepares and tokenises texts the same way in training, in evaluation and in the engine. Thread-safe.

    Args:
        path: `tokenizer.json`.
        max_tokens: longer texts are cut there; what is worth reading of one, `parts` may say.
        case_vocabulary: number of token ids where the network reads the case of words, else None.
    """

    def __init__(self, path: Path, max_tokens: int, case_vocabulary: int | None = None) -> None:
        self.max_tokens = max_tokens
        self._tokenizer = load_tokenizer(path, max_tokens)
        self._case_vocabulary = case_vocabulary
        self.room = max_tokens - self._tokenizer.num_special_tokens_to_add(False)
        """Tokens of a text that are read; the others of `max_tokens` are special."""

    def ids(self, texts: Sequence[str], parts: Mapping[int, Sequence[Place]] = NOTHING) -> list[list[int]]:
        """Return the token ids of each text, one or more; of a text whose number `parts` has, those of these places only."""
        prepared = [self._prepared(text, parts[i]) if i in parts else prepare(text, self.max_tokens) for i, text in enumerate(texts)]
        if self._case_vocabulary is None:  # nobody asks for offsets, and without them tokenising is faster
            return [encoding.ids or [PAD_ID] for encoding in self._tokenizer.encode_batch_fast(prepared)]
        return [self._ids(encoding, text) for encoding, text in zip(self._tokenizer.encode_batch(prepared), prepared, strict=True)]

    def aligned(self, texts: Sequence[str], parts: Mapping[int, Sequence[Place]] = NOTHING) -> list[TokenisedText]:
        """Return the tokens of each text, the same as `ids`, with their places in the text as it was given."""
        prepared = [
            self._prepared_aligned(text, parts[i]) if i in parts else prepare_aligned(text, self.max_tokens) for i, text in enumerate(texts)
        ]
        encoded = self._tokenizer.encode_batch([text for text, _ in prepared])
        return [
            TokenisedText(self._ids(encoding, text), _offsets(encoding, origin), _inner(encoding))
            for encoding, (text, origin) in zip(encoded, prepared, strict=True)
        ]

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Return how many tokens each text has, without special ones; of one that does not fit a number above `room`."""
        if not texts:
            return []
        found = self._tokenizer.encode_batch_fast([prepare(text, self.max_tokens) for text in texts], add_special_tokens=False)
        return [len(encoding) + bool(encoding.overflowing) for encoding in found]

    def reach(self, text: str, tokens: int) -> int:
        """Return where the first `tokens` tokens of `text` end, special ones aside; 0 for none."""
        prepared, origin = prepare_aligned(text, self.max_tokens)
        ends = [end for _, end in _offsets(self._tokenizer.encode(prepared, add_special_tokens=False), origin)]
        return max(ends[:tokens], default=0)

    def _prepared(self, text: str, places: Sequence[Place]) -> str:
        return " ".join(filter(None, (prepare(text[start:end], self.max_tokens) for start, end in places)))

    def _prepared_aligned(self, text: str, places: Sequence[Place]) -> tuple[str, list[int]]:
        joined, origins = "", list[int]()
        for start, end in places:
            part, origin = prepare_aligned(text[start:end], self.max_tokens)
            if part and joined:
                joined += " "
                origins.append(start)
            joined += part
            origins += [start + offset for offset in origin]
        return joined, origins

    def _ids(self, encoding: Encoding, text: str) -> list[int]:
        ids = encoding.ids
        if self._case_vocabulary is not None:
            ids = with_case(ids, encoding.offsets, text, self._case_vocabulary)
        return ids or [PAD_ID]


def _inner(encoding: Encoding) -> list[bool]:
    words = encoding.word_ids
    return [word is not None and word == before for before, word in zip([None, *words], words, strict=False)] or [False]


def _offsets(encoding: Encoding, origin: Sequence[int]) -> list[tuple[int, int]]:
    return [(origin[start], origin[end - 1] + 1) if end > start else (0, 0) for start, end in encoding.offsets] or [(0, 0)]
