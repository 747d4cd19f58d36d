"""What a document's id is made of: its source, and the first of native id, canonical URL and content that it has."""

from __future__ import annotations

from squall.core.text import canonical_url, document_id


def identify(source: str, native_id: str, url: str, content: tuple[str, ...]) -> str:
    """Return the id of a document, 128-bit hex: equal arguments give the same id in every process.

    Args:
        source: the document's source.
        native_id: the source's own id; empty if it has none.
        url: canonical URL; counts without a native id.
        content: author, title, text and, if given, publication time; counts without a native id and URL.
    """
    return document_id(source, native_id or url or "\x1f".join(content))


def canonical(url: str) -> str:
    """Return the canonical form of `url`, or `url` itself if it can't be parsed: an invalid link must not cost the text."""
    if not url:
        return ""
    try:
        return canonical_url(url)
    except ValueError:
        return url
