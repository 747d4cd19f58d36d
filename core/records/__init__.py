"""The records everything exchanges: `Document`, `Mention`, `ScoredDocument`, `Alert`; import them from here."""

from squall.core.records.alerts import Alert, AlertState, SeriesKind, Severity, Trend
from squall.core.records.documents import CLOCK_SKEW, NEWEST, OLDEST, Document, KnownVersion
from squall.core.records.labels import SENTIMENTS, TOPICS, EntityKind, Kind, Sentiment
from squall.core.records.scores import MOST_EVENTS, MOST_MENTIONS, Event, Mention, ScoredDocument

__all__ = [
    "CLOCK_SKEW",
    "MOST_EVENTS",
    "MOST_MENTIONS",
    "NEWEST",
    "OLDEST",
    "SENTIMENTS",
    "TOPICS",
    "Alert",
    "AlertState",
    "Document",
    "EntityKind",
    "Event",
    "Kind",
    "KnownVersion",
    "Mention",
    "ScoredDocument",
    "Sentiment",
    "SeriesKind",
    "Severity",
    "Trend",
]
