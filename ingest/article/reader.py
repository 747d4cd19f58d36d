"""A link → the text of the article behind it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from squall.core.net.outbound.client import redirect_target
from squall.core.net.outbound.errors import OutboundError, status_words
from squall.ingest.article.errors import ArticleError
from squall.ingest.article.robots import Robots
from squall.ingest.article.shared_results import SharedResults
from squall.ingest.article.web import Page, Visit, Web

MOST_PAGE_BYTES: Final = 2_000_000
LEAST_CHARS: Final = 200
"""A shorter text is no article: the page of a paywall, of a consent, or of a video."""
_KEPT: Final = 1_000
_REDIRECTS: Final = 5
_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_CLIENT_ERROR: Final = range(400, 500)

Extract = Callable[[bytes, str], str]
"""A page and its Content-Type → the text of its article, empty if it has none."""


class ArticleReader:
    """Reads articles and remembers the texts of the last 1,000 links; safe to use from several threads.

    Args:
        web: fetches the pages.
        robots: says which may be fetched.
        extract: finds the article on a page.
    """

    def __init__(self, web: Web, robots: Robots, extract: Extract) -> None:
        self._web = web
        self._robots = robots
        self._extract = extract
        self._texts: SharedResults[str] = SharedResults(_KEPT)

    def read(self, link: str, visit: Visit, *, anew: bool = False) -> tuple[str, bool]:
        """Return the text of an article, and whether it was known.

        Args:
            link: of the article; anybody's.
            visit: deadline, and the feed that links to it.
            anew: whether a known text may be out of date.

        Raises:
            ArticleError: it can't be read, or must not be.
            RequestStoppedError: the process is stopping.
        """
        return self._texts.get(link, lambda: self._read(link, visit), visit.stopped, lambda _: not anew)

    def _read(self, link: str, visit: Visit) -> str:
        page = self._page(link, visit)
        text = self._extract(page.body, page.content_type)
        if len(text) < LEAST_CHARS:
            raise ArticleError("no_text", "there is no article on the page")
        return text

    def _page(self, link: str, visit: Visit) -> Page:
        """Return the page behind `link`; each redirect is a request like others, with robots.txt and pace of its host."""
        url = link
        for _ in range(_REDIRECTS + 1):
            try:
                page = self._web.get(url, visit, MOST_PAGE_BYTES, types=_HTML, pause=self._robots.pause(url, visit))
                if not page.location or page.status not in range(300, 400):
                    return _usable(page)
                url = redirect_target(url, page.location)
            except OutboundError as error:
                raise ArticleError("failed", str(error)) from error
            except ValueError:
                raise ArticleError("failed", "the link is not a valid URL") from None
        raise ArticleError("failed", f"more than {_REDIRECTS} redirects")


def _usable(page: Page) -> Page:
    if page.status != HTTPStatus.OK:
        raise ArticleError("refused" if page.status in _CLIENT_ERROR else "failed", f"HTTP {status_words(page.status)}")
    if not page.body:
        raise ArticleError("not_html", "the link does not lead to an HTML page")
    return page
