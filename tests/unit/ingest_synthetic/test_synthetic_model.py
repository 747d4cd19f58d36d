"""The shipped model reads the stream as it was meant; if a new checkpoint does not, the demo's script is wrong."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from squall import model
from squall.core.config.settings import ModelSettings
from squall.core.records import SENTIMENTS, TOPICS
from squall.ingest.documents import Defaults, build_document
from squall.ingest.synthetic.stream import CRISIS_TOPICS, SyntheticRecord, generate

pytestmark = pytest.mark.slow

SAMPLE = {"ordinary": 1_600, "crisis": 250, "surge": 200}
RAREST = "IPO"


@dataclass(frozen=True)
class Read:
    record: SyntheticRecord
    topic: str
    sentiment: str


@pytest.fixture(scope="module")
def reads() -> dict[str, list[Read]]:
    """A sample of each part, as the model reads it."""
    if not list((Path(model.__file__).parent / "weights").glob("*.safetensors")):
        pytest.skip("model/weights holds no checkpoint")
    from squall.model.serving.engine import ScoringEngine

    rng = random.Random(1)
    documents = [record for record in generate() if record.expected == "document"]
    sample = [r for part, n in SAMPLE.items() for r in rng.sample([d for d in documents if d.part == part], n)]
    sample += [d for d in documents if d.intended_topic == RAREST]  # too few of them in the sample
    collected = datetime(2026, 1, 1, tzinfo=UTC)
    texts = [build_document(orjson.loads(record.line), Defaults(), collected).content for record in sample]
    scores = ScoringEngine.open(ModelSettings()).read(texts)
    found: dict[str, list[Read]] = {part: [] for part in SAMPLE}
    for record, topic, sentiment in zip(sample, scores.topic.argmax(1), scores.sentiment.argmax(1), strict=True):
        found[record.part].append(Read(record, TOPICS[topic], SENTIMENTS[sentiment]))
    return found


def share(reads: list[Read], sentiment: str) -> float:
    return sum(read.sentiment == sentiment for read in reads) / len(reads)


def test_most_topics_are_read_as_meant_and_each_is_found(reads: dict[str, list[Read]]) -> None:
    ordinary = reads["ordinary"]
    assert sum(read.topic == read.record.intended_topic for read in ordinary) >= 0.6 * len(ordinary)
    assert {read.topic for read in ordinary} == set(TOPICS)


def test_ordinary_text_is_negative_at_an_ordinary_rate(reads: dict[str, list[Read]]) -> None:
    assert 0.10 <= share(reads["ordinary"], "negative") <= 0.20


def test_the_crisis_is_read_as_bad_news_on_the_topics_of_the_script(reads: dict[str, list[Read]]) -> None:
    assert share(reads["crisis"], "negative") > 0.85
    topics = Counter(read.topic for read in reads["crisis"] if read.sentiment == "negative")
    assert sum(topics[topic] for topic in CRISIS_TOPICS) > 0.8 * topics.total()


def test_the_surge_is_read_without_mood(reads: dict[str, list[Read]]) -> None:
    assert share(reads["surge"], "negative") < 0.08
