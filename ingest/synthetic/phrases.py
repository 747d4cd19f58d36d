"""The words of the synthetic stream, as `phrases.toml` lists them: companies, templates by topic, slot values."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

PHRASES = Path(__file__).with_name("phrases.toml")
SOCIAL_SHARE = 0.45
"""Share of social posts in topics that give none of their own."""


@dataclass(frozen=True, slots=True)
class Company:
    """A fictional company."""

    name: str
    ticker: str
    sector: str


@dataclass(frozen=True, slots=True)
class TopicPhrases:
    """Templates of one topic: headlines by sentiment, and sentences that may follow one."""

    headlines: dict[str, tuple[str, ...]]
    body: tuple[str, ...]
    sectors: tuple[str, ...]
    social: float


@dataclass(frozen=True, slots=True)
class Phrases:
    """All that `phrases.toml` holds."""

    companies: tuple[Company, ...]
    crisis_bank: Company
    lists: dict[str, tuple[str, ...]]
    topics: dict[str, TopicPhrases]
    crisis: dict[str, tuple[str, ...]]
    crisis_weights: dict[str, float]
    crisis_body: tuple[str, ...]
    surge: TopicPhrases
    noise: dict[str, tuple[str, ...]]


@cache
def load_phrases() -> Phrases:
    """Read `phrases.toml` (once)."""
    data = tomllib.loads(PHRASES.read_text(encoding="utf-8"))
    crisis = {topic: group for topic, group in data["crisis"].items() if topic != "body"}
    return Phrases(
        companies=tuple(_company(line) for line in data["companies"]),
        crisis_bank=_company(data["crisis_bank"]),
        lists={name: tuple(values) for name, values in data["lists"].items()},
        topics={topic: _topic(group) for topic, group in data["topics"].items()},
        crisis={topic: tuple(group["negative"]) for topic, group in crisis.items()},
        crisis_weights={topic: float(group["weight"]) for topic, group in crisis.items()},
        crisis_body=tuple(data["crisis"]["body"]["sentences"]),
        surge=_topic(data["surge"]),
        noise={name: tuple(values) for name, values in data["noise"].items()},
    )


def _company(line: str) -> Company:
    name, ticker, sector = line.split("|")
    return Company(name, ticker, sector)


def _topic(group: dict[str, Any]) -> TopicPhrases:
    headlines = {"neutral": "news", "negative": "negative", "positive": "positive"}
    return TopicPhrases(
        headlines={sentiment: tuple(group.get(key, ())) for sentiment, key in headlines.items()},
        body=tuple(group["body"]),
        sectors=tuple(group.get("sectors", ())),
        social=group.get("social", SOCIAL_SHARE),
    )
