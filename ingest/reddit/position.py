"""How far subreddits were read, and which posts are to be looked at again."""

from __future__ import annotations

import itertools
from typing import Any, Final

from squall.ingest.reddit.posts import Post

OVERLAP_SECONDS: Final = 120.0
"""How much of a listing is read again: posts appear a little out of order."""
_AGES: Final = (600.0, 3_600.0, 6 * 3_600.0, 24 * 3_600.0, 47 * 3_600.0)
"""At these ages a post is looked at again, seconds; the last ones only if the user wants it that long."""
_KEPT_SECONDS: Final = 7_200.0
"""How long a post is remembered at least: in a quiet subreddit it stays on the first page for longer, and is then known by its time."""
_MOST_REMEMBERED: Final = 20_000


class SubredditPosition:
    """Newest times by listing, and the posts of the last hours that were delivered.

    Args:
        cursor: as `cursor` returned it; None at the first start.
        recheck_seconds: up to which age posts are looked at again.
    """

    def __init__(self, cursor: dict[str, Any] | None, recheck_seconds: float) -> None:
        cursor = cursor or {}
        newest, posts = cursor.get("newest"), cursor.get("posts")
        self._newest: dict[str, float] = {str(key): float(value) for key, value in newest.items()} if isinstance(newest, dict) else {}
        self._posts: dict[str, tuple[float, float, int]] = {}
        """Of each delivered post the time, that of its last edit, and how often it was looked at again."""
        if isinstance(posts, dict):
            self._posts = {str(name): (float(each[0]), float(each[1]), int(each[2])) for name, each in posts.items()}
        self._ages = tuple(age for age in _AGES if age <= recheck_seconds)
        self._kept = max((*self._ages, _KEPT_SECONDS))

    def newest(self, listing: str) -> float:
        """Return when the newest post of a listing was written, Unix seconds; 0 at the first start."""
        return self._newest.get(listing, 0.0)

    def read_until(self, listing: str) -> float:
        """Return back to which time to read a listing, Unix seconds; 0 at the first start."""
        return max(0.0, self.newest(listing) - OVERLAP_SECONDS)

    def saw(self, listing: str, post: Post) -> None:
        """Note a post of a listing."""
        self._newest[listing] = max(self._newest.get(listing, 0.0), post.created)

    def is_new(self, listing: str, post: Post) -> bool:
        """Return whether this version of the post was not delivered; older ones than are remembered were."""
        known = self._posts.get(post.fullname)
        return post.edited > known[1] if known else post.created > self._newest.get(listing, 0.0) - self._kept

    def has(self, fullname: str) -> bool:
        """Return whether a post is remembered as delivered, and not as gone."""
        return fullname in self._posts and self._posts[fullname][2] < len(_AGES)

    def delivered(self, post: Post) -> None:
        """Note that this version is delivered."""
        checks = self._posts[post.fullname][2] if post.fullname in self._posts else 0
        self._posts[post.fullname] = (post.created, post.edited, checks)

    def due(self, now: float, most: int) -> list[str]:
        """Return posts that are old enough to be looked at again, at most `most`."""
        due = (
            name for name, (created, _, checks) in self._posts.items() if checks < len(self._ages) and now - created >= self._ages[checks]
        )
        return list(itertools.islice(due, most))

    def looked_at(self, fullname: str, now: float) -> None:
        """Note that a post was looked at again at the time `now`."""
        if fullname in self._posts:
            created, edited, _ = self._posts[fullname]
            self._posts[fullname] = (created, edited, sum(now - created >= age for age in self._ages))

    def gone(self, fullname: str) -> None:
        """Note that the deletion of a post is delivered: it is not looked at again."""
        if fullname in self._posts:
            created, edited, _ = self._posts[fullname]
            self._posts[fullname] = (created, edited, len(_AGES))

    def forget(self) -> int:
        """Forget posts that are too old to be delivered or looked at again; of the others the newest 20,000 are kept.

        Return how many were forgotten though they were to be looked at again.
        """
        oldest = min(self._newest.values(), default=0.0) - self._kept
        kept = [(name, each) for name, each in self._posts.items() if each[2] < len(self._ages) or each[0] > oldest]
        self._posts = dict(kept[-_MOST_REMEMBERED:])
        return sum(each[2] < len(self._ages) for _, each in kept[:-_MOST_REMEMBERED])

    def cursor(self) -> dict[str, Any]:
        """Return what the next start needs."""
        return {"newest": dict(self._newest), "posts": {name: list(each) for name, each in self._posts.items()}}
