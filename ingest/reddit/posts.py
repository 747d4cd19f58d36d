"""Submissions and comments → their documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from squall.core.records import Document, Kind
from squall.ingest.documents import Defaults, build_document
from squall.ingest.identity import identify

_GONE: Final = frozenset({"[deleted]", "[removed]"})


class Post(NamedTuple):
    """A submission or comment.

    Args:
        fullname: Reddit's id, as `t3_1abcd` (a submission) or `t1_kxyz` (a comment).
        created: Unix time, seconds.
        edited: Unix time of the last edit; 0 if there was none.
        author: name; empty if the account is gone.
        permalink: path of its page.
        title: of a submission.
        text: in Markdown; empty for a link.
    """

    fullname: str
    created: float
    edited: float
    author: str
    permalink: str
    title: str
    text: str

    @property
    def is_gone(self) -> bool:
        """Whether its author, a moderator or Reddit took it away."""
        return self.text.strip().lower() in _GONE or self.title.strip().lower() in _GONE

    @property
    def said(self) -> str:
        """All its words."""
        return f"{self.title}\n{self.text}" if self.title and self.text else self.title or self.text


def post_of(data: Mapping[str, Any], kind: str) -> Post:
    """Return the post that the API's `data` describe; `kind` is `t1` or `t3`."""
    edited = data.get("edited")
    return Post(
        fullname=f"{kind}_{data['id']}",
        created=float(data.get("created_utc") or 0),
        edited=float(edited) if isinstance(edited, int | float) and not isinstance(edited, bool) else 0.0,
        author=str(data.get("author") or ""),
        permalink=str(data.get("permalink") or ""),
        title=str(data.get("title") or "") if kind == "t3" else "",
        text=str(data.get("selftext" if kind == "t3" else "body") or ""),
    )


def post_document(post: Post, source: str, collected_at: datetime) -> Document:
    """Return the document of a post; an edited one is published at the edit.

    Raises:
        InvalidRecordError: it is no valid document.
    """
    fields = {
        "id": post.fullname,
        "author": post.author,
        "url": f"https://www.reddit.com{post.permalink}" if post.permalink.startswith("/") else "",
        "title": post.title,
        "text": post.text,
        "published_at": post.edited or post.created,
    }
    return build_document(fields, Defaults(source=source, kind=Kind.SOCIAL, markup=False), collected_at)


def document_id_of(fullname: str, source: str) -> str:
    """Return the id of the document of a post."""
    return identify(source, fullname, "", tuple)
