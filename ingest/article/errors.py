"""Why an article was not read."""

from __future__ import annotations

from squall.core.observability.metric_spec import ArticleOutcome


class ArticleError(Exception):
    """An article was not read; the message says why, and repeats nothing that a server sent.

    Args:
        outcome: as the metric counts it.
        message: why, for the log.
    """

    def __init__(self, outcome: ArticleOutcome, message: str) -> None:
        super().__init__(message)
        self.outcome: ArticleOutcome = outcome
