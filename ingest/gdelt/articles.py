"""Rows of the Global Knowledge Graph → articles.

Columns: http://data.gdeltproject.org/documentation/GDELT-Global_Knowledge_Graph_Codebook-V2.1.pdf
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

from squall.core.errors import InvalidRecordError
from squall.core.records import Document
from squall.ingest.documents import Defaults, build_document
from squall.ingest.gdelt.files import time_of

COLUMNS: Final = 27
_DATE, _COLLECTION, _PUBLISHER, _URL, _THEMES, _ORGANISATIONS, _EXTRAS = 1, 2, 3, 4, 8, 14, 26
_OFTEN: Final = 2
"""A page names many in passing; one that it is about stands in the title, or comes again."""
_MOST_ORGANISATIONS: Final = 10
_WORD: Final = re.compile(r"\w+")
_WEB: Final = "1"
_OLDEST: Final = timedelta(days=7)
"""A publication time that is further back is an archive's, or wrong."""


class Article(NamedTuple):
    """A web page that GDELT has read.

    Args:
        publisher: domain.
        url: of the page.
        title: of the page; empty if GDELT found none.
        authors: as the page names them.
        published_at: as the page says, or when GDELT read it.
        themes: of GDELT's taxonomy, as ECON_BANKRUPTCY.
        named: the column of the organisations that GDELT found, with their places in the text.
    """

    publisher: str
    url: str
    title: str
    authors: str
    published_at: datetime
    themes: frozenset[str]
    named: str

    @property
    def organisations(self) -> tuple[str, ...]:
        """Those that are in its title, or more than once in its text, those named most often first."""
        return _often(_named(self.named), self.title)


def article_of(row: Sequence[str], read_at: datetime) -> Article | None:
    """Return the article of a row; None for what is no web page.

    Args:
        row: columns.
        read_at: time of the file.

    Raises:
        InvalidRecordError: it has another number of columns.
    """
    if len(row) != COLUMNS:
        raise InvalidRecordError("broken_row", f"has {len(row)} columns, expected {COLUMNS}")
    if row[_COLLECTION] != _WEB or not row[_URL].startswith(("http://", "https://")):
        return None
    extras = row[_EXTRAS]
    seen = min(time_of(row[_DATE]) or read_at, read_at)
    precise = time_of(_tag(extras, "PAGE_PRECISEPUBTIMESTAMP"))
    published = precise if precise is not None and seen - _OLDEST <= precise <= seen else seen
    title = _tag(extras, "PAGE_TITLE")
    themes = frozenset(_named(row[_THEMES]))
    return Article(row[_PUBLISHER].lower(), row[_URL], title, _tag(extras, "PAGE_AUTHORS"), published, themes, row[_ORGANISATIONS])


def article_document(article: Article, symbols: Sequence[str], collected_at: datetime) -> Document:
    """Return the document of an article, whose source is its publisher.

    Args:
        article: with a title.
        symbols: tickers of whom it is about.
        collected_at: aware UTC.

    Raises:
        InvalidRecordError: it is no valid document.
    """
    fields = {
        "source": article.publisher,
        "author": article.authors,
        "url": article.url,
        "title": article.title,
        "symbols": list(symbols),
        "language": "en",
        "published_at": article.published_at,
    }
    return build_document(fields, Defaults(), collected_at)


def _named(column: str) -> list[str]:
    """Return the names of a column such as `Goldman Sachs,120;Reuters,15`, without their places in the text.

    All of them: a row is bounded, and lists of companies are sorted by their places.
    """
    return [name for entry in column.split(";") if (name := entry.rpartition(",")[0].strip())]


def _often(names: Sequence[str], title: str) -> tuple[str, ...]:
    said = _words(title)
    known = set(said.split())
    chosen = (
        name
        for name, times in Counter(names).most_common()
        if times >= _OFTEN or ((first := _WORD.search(name.casefold())) and first[0] in known and _words(name) in said)
    )
    return tuple(islice(chosen, _MOST_ORGANISATIONS))


def _words(text: str) -> str:
    """Return the words of `text`, each between blanks, so that a part of one is not found in it."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def _tag(extras: str, name: str) -> str:
    """Return the text of an element of the last column, which is XML only in form."""
    _, found, rest = extras.partition(f"<{name}>")
    text, ended, _ = rest.partition(f"</{name}>")
    return html.unescape(text).strip() if found and ended else ""
