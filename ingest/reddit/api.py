"""Reddit's API through PRAW, which logs in, waits for Reddit's limits and reads page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

import praw
import prawcore.exceptions as failures

from squall.core.errors import UnavailableError
from squall.core.version import __version__
from squall.ingest.reddit.checked_session import checked_session
from squall.ingest.reddit.options import RedditOptions
from squall.ingest.reddit.posts import Post, post_of
from squall.ingest.registry.http import SourceHttp
from squall.ingest.registry.live import RefusedError

LISTED: Final = 1_000
"""Reddit lists no more."""
_AT_ONCE: Final = 100
_LONGEST_ASKED: Final = 3_600.0
_APPROVAL: Final = "apps need Reddit's approval (docs/sources.md#reddit); check client_id, client_secret and the subreddits' names"
Listing = Literal["new", "comments"]


class TooManyRequestsError(UnavailableError):
    """Reddit wants fewer requests.

    Args:
        retry_after: the header as sent; empty if there is none.
    """

    def __init__(self, retry_after: str) -> None:
        super().__init__("Reddit answered 429: too many requests")
        self.pause_asked = min(float(retry_after), _LONGEST_ASKED) if retry_after.isascii() and retry_after.isdigit() else None
        """Seconds, at most an hour; None if it asks for none."""


class RedditApi:
    """Reads what is new in subreddits, and what became of posts. Not thread-safe; a call may take minutes when Reddit's limit is reached.

    Args:
        options: app and subreddits.
        http: says which hosts may be reached.
        reddit_url: where to log in.
        oauth_url: the API.
    """

    def __init__(
        self,
        options: RedditOptions,
        http: SourceHttp,
        reddit_url: str = "https://www.reddit.com",
        oauth_url: str = "https://oauth.reddit.com",
    ) -> None:
        self._names = "+".join(options.subreddits)
        self._reddit = praw.Reddit(
            client_id=options.client_id,
            client_secret=options.client_secret.get_secret_value(),
            user_agent=f"linux:squall:{__version__} (by /u/{options.contact})",
            reddit_url=reddit_url,
            oauth_url=oauth_url,
            requestor_kwargs={"session": checked_session(http.policy(oauth_url))},
            check_for_updates=False,
            check_for_async=False,
        )

    def newest(self, listing: Listing, until: float) -> tuple[list[Post], bool]:
        """Return the posts of a listing back to the time `until`, newest first, and whether it reached that time, or has all there is.

        A page is read whole, so that what a moderator approves late is seen.

        Args:
            listing: submissions or comments.
            until: Unix time, seconds; 0: only the first page.

        Raises:
            UnavailableError: no answer that can be used: try again later.
            RefusedError: Reddit refuses the login or the subreddits.
        """
        subreddit = self._reddit.subreddit(self._names)
        generator = (subreddit.new if listing == "new" else subreddit.comments)(limit=LISTED)
        posts: list[Post] = []
        for post in _in_our_words(_posts(generator), self._names):
            posts.append(post)
            if len(posts) % _AT_ONCE == 0 and (post.created < until or not until):
                return posts, True
        # Reddit leaves removed posts out of its newest thousand: somewhat fewer are no whole listing either
        return posts, not until or len(posts) < LISTED // 2 or posts[-1].created < until

    def look_again(self, fullnames: Sequence[str]) -> dict[str, Post]:
        """Return what the posts are now; one that is missing is gone. Raises as `newest`; a request for each 100."""
        return {post.fullname: post for post in _in_our_words(_posts(self._reddit.info(fullnames=fullnames)), self._names)}


def _posts(found: Iterator[Any]) -> Iterator[Post]:
    for each in found:
        yield post_of(vars(each), "t3" if isinstance(each, praw.models.Submission) else "t1")


def _in_our_words(posts: Iterator[Post], names: str) -> Iterator[Post]:
    try:
        yield from posts
    except (failures.OAuthException, failures.InvalidToken, failures.InsufficientScope) as error:
        raise RefusedError("Reddit refuses the app's login", _APPROVAL) from error
    except (failures.Redirect, failures.NotFound, failures.Forbidden, failures.UnavailableForLegalReasons) as error:
        raise RefusedError(f"Reddit refuses r/{names}: one of them is private, banned or does not exist", _APPROVAL) from error
    except failures.TooManyRequests as error:
        raise TooManyRequestsError(error.retry_after or "") from error
    except failures.ResponseException as error:
        if error.response.status_code == 401:
            raise RefusedError("Reddit refuses the app's login", _APPROVAL) from error
        raise UnavailableError(f"Reddit answered {error.response.status_code}") from error
    except failures.PrawcoreException as error:
        raise UnavailableError(f"Reddit can't be reached: {type(error).__name__}") from error
    except ValueError as error:  # PRAW takes any Retry-After for a number
        raise UnavailableError("Reddit answered with what PRAW can't read") from error
