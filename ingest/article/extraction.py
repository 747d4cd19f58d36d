"""What is read of foreign pages: the text of an article, and the rules of a robots.txt.

Runs in the parser's own process (`squall.ingest.rss.parser.process`): what a hostile page costs is bounded there.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

import trafilatura
from protego import Protego

from squall.core.text import clean

_CHARSET: Final = re.compile(r"charset=[\"']?([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)


def article_text(page: bytes, content_type: str) -> str:
    """Return the text of the article on a page, without menus, comments and tables, a line for each paragraph; empty if there is none.

    Args:
        page: HTML.
        content_type: as the server names it; its charset goes before what the page says.
    """
    found = trafilatura.extract(_decoded(page, content_type), include_comments=False, include_tables=False, favor_precision=True)
    return clean(found or "")


def crawl_rule(robots: bytes, url: str, token: str) -> tuple[bool, float]:
    """Return whether a robots.txt lets `token` fetch `url`, and its Crawl-delay in seconds, 0 if there is none.

    Args:
        robots: the file; RFC 9309 wants UTF-8.
        url: the whole URL.
        token: the product token of the user agent.
    """
    rules = Protego.parse(robots.decode("utf-8-sig", "replace"))
    return rules.can_fetch(url, token), rules.crawl_delay(token) or 0.0


def _decoded(page: bytes, content_type: str) -> str | bytes:
    """Return the page's text; its bytes, for a guess, where no charset is named or the named one is evidently not the page's."""
    named = _CHARSET.search(content_type)
    if named is None:
        return page
    try:
        text = page.decode(codecs.lookup(named[1]).name, "replace")
    except (LookupError, UnicodeError):
        return page
    unread = text.count("\ufffd")
    return page if unread and 2 * unread > sum(not character.isascii() for character in text) else text
