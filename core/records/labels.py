"""The labels of documents and names: topics, sentiments, kinds."""

from __future__ import annotations

from enum import StrEnum

SENTIMENTS = ("negative", "neutral", "positive")
"""Order of the sentiment head's outputs."""
TOPICS = (
    "Analyst Update",
    "Fed | Central Banks",
    "Company | Product News",
    "Treasuries | Corporate Debt",
    "Dividend",
    "Earnings",
    "Energy | Oil",
    "Financials",
    "Currencies",
    "General News | Opinion",
    "Gold | Metals | Materials",
    "IPO",
    "Legal | Regulation",
    "M&A | Investments",
    "Macro",
    "Markets",
    "Politics",
    "Personnel Change",
    "Stock Commentary",
    "Stock Movement",
)
"""The Twitter Financial News topic names, in the order of the topic head's outputs."""


class Kind(StrEnum):
    """What kind of text a document is."""

    NEWS = "news"
    SOCIAL = "social"


class Sentiment(StrEnum):
    """The argmax of the sentiment probabilities."""

    NEGATIVE = "negative"
    NEUTRAL = "neutral"
    POSITIVE = "positive"


class EntityKind(StrEnum):
    """What a name stands for."""

    COMPANY = "company"
    ORGANISATION = "organisation"
    COUNTRY = "country"
    CENTRAL_BANK = "central_bank"
    INDEX = "index"
    CURRENCY = "currency"
    COMMODITY = "commodity"
    PERSON = "person"
    PLACE = "place"
    OTHER = "other"
