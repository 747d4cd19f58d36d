"""Rows of the Global Knowledge Graph → articles.

Columns: http://data.gdeltproject.org/documentation/GDELT-Global_Knowledge_Graph_Codebook-V2.1.pdf
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from squall.core.errors import InvalidRecordError
from squall.core.records import Document
from squall.ingest.documents import Defaults, build_document
from squall.ingest.gdelt.files import time_of

COLUMNS: Final = 27
_DATE, _COLLECTION, _PUBLISHER, _URL, _EXTRAS = 1, 2, 3, 4, 26
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
    """

    publisher: str
    url: str
    title: str
    authors: str
    published_at: datetime


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
    return Article(row[_PUBLISHER].lower(), row[_URL], _tag(extras, "PAGE_TITLE"), _tag(extras, "PAGE_AUTHORS"), published)


def article_document(article: Article, collected_at: datetime) -> Document:
    """Return the document of an article, whose source is its publisher.

    Raises:
        InvalidRecordError: it is no valid document.
    """
    fields = {
        "source": article.publisher,
        "author": article.authors,
        "url": article.url,
        "title": article.title,
        "language": "en",
        "published_at": article.published_at,
    }
    return build_document(fields, Defaults(), collected_at)


def _tag(extras: str, name: str) -> str:
    """Return the text of an element of the last column, which is XML only in form."""
    _, found, rest = extras.partition(f"<{name}>")
    text, ended, _ = rest.partition(f"</{name}>")
    return html.unescape(text).strip() if found and ended else ""
