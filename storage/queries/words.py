"""Search by words: the condition of every query with words, and the index of texts that answers it.

ClickHouse's text index (26.2 and newer) keeps the tokens of each text, in small letters. `LIKE '%piece%'` looks through the tokens
instead of the texts, if the piece is of ASCII letters and digits and has at least four of them. Where there is no such piece, or no index,
the same condition reads every text: the answer is the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from squall.core.errors import StoreError
from squall.storage.queries.base import Queries
from squall.storage.queries.spans import sql
from squall.storage.schema.cluster import local_name
from squall.storage.schema.table import valid_text

log = logging.getLogger(__name__)

_SEARCHED: Final = "concat(title, '\\n', text)"
_SLOTS: Final = ("piece_1", "piece_2", "piece_3", "piece_4")
_LEAST: Final = 4
"""Letters and digits of a piece that the index answers (`text_index_like_min_pattern_length`)."""
_SINCE: Final = (26, 2)
_ADD: Final = (
    sql(
        "ALTER TABLE documents ADD INDEX IF NOT EXISTS by_word lowerUTF8($searched) TYPE text(tokenizer = 'splitByNonAlpha')",
        searched=_SEARCHED,
    ),
    "ALTER TABLE documents MATERIALIZE INDEX by_word",
)
_THERE: Final = (
    "SELECT count() FROM system.data_skipping_indices WHERE database = currentDatabase() AND table = {table:String} AND name = 'by_word'"
)

EVERY_WORD: Final = sql(
    """
(empty({words:Array(String)}) OR arrayAll(word -> positionCaseInsensitiveUTF8($searched, word) > 0, {words:Array(String)}))
""",
    searched=_SEARCHED,
)
"""Whether title or text has every one of the words somewhere, in any case."""
HAS_WORDS: Final = " AND ".join(
    (*(f"({{{name}:String}} = '' OR lowerUTF8({_SEARCHED}) LIKE {{{name}:String}})" for name in _SLOTS), EVERY_WORD)
)
"""The same, where the index can be used: on the table itself, not on what a query made of it. Parameters: those of `word_parameters`."""


def word_parameters(words: Iterable[str]) -> dict[str, Any]:
    """Return the parameters of `HAS_WORDS`.

    A word that is one piece is asked of the index alone, because to look into its texts means to read nearly all of them. Of any other its
    longest piece is, and the texts with that are looked into.
    """
    valid = [valid_text(word) for word in words]
    longest = {word: max(_pieces(word), key=len, default="") for word in valid}
    indexed = sorted({word: piece for word, piece in longest.items() if len(piece) >= _LEAST}.items(), key=lambda pair: -len(pair[1]))
    slots = dict(zip(_SLOTS, indexed, strict=False))
    answered = {word for word, piece in slots.values() if word == piece}
    patterns = {name: f"%{slots[name][1].lower()}%" if name in slots else "" for name in _SLOTS}
    return {"words": [word for word in valid if word not in answered], **patterns}


def _pieces(word: str) -> list[str]:
    """Return the parts of a word that the index can answer: ASCII letters and digits."""
    return "".join(char if char.isascii() and char.isalnum() else " " for char in word).split()


class WordIndexQueries(Queries):
    """The index of words."""

    def ensure(self, version: tuple[int, ...], *, clustered: bool) -> bool:
        """Add the index to the documents where ClickHouse has text indexes; return whether it was added.

        Not a migration: a server that is upgraded gets it by the next `squall store migrate`. It is filled in the background.

        Args:
            version: of ClickHouse.
            clustered: whether the tables are those of a cluster.
        """
        table = local_name("documents") if clustered else "documents"
        if version < _SINCE or self._only(_THERE, table=table)[0]:
            return False
        try:
            for statement in _ADD:
                self._command(statement)
        except StoreError as error:
            log.warning("searches read every text, because there is no index of words: %s", error)
            return False
        return True
