"""The checkpoint that comes with the package."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xxhash
from safetensors.torch import load_file

from squall.core.config.settings import ModelSettings
from squall.core.records import SENTIMENTS, TOPICS
from squall.model.checkpoint import SHIPPED, NetworkConfig
from squall.model.data.dev_split import split
from squall.model.data.near_duplicates import deduplicate
from squall.model.data.public_sets import public_examples
from squall.model.evaluation import metrics
from squall.model.serving.engine import ScoringEngine
from squall.model.tasks import DEFAULT_TASKS
from squall.model.training.artifacts.model_card import model_card

WORDS_OF_BERT = 30_522
WRITTEN = json.loads((SHIPPED / "metrics.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def engine() -> ScoringEngine:
    return ScoringEngine.open(ModelSettings(threads=2))


def test_it_fits_into_sixty_megabytes() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 60_000_000


def test_it_claims_no_less_than_the_card_of_this_release() -> None:
    tweets = WRITTEN["by_source"]["sentiment/tfn_sentiment"]
    assert (tweets["accuracy"] > 0.895, tweets["macro_f1"] > 0.865, tweets["classes"]["negative"]["recall"] > 0.85) == (True,) * 3
    assert WRITTEN["by_source"]["sentiment/headlines"]["accuracy"] > 0.71
    floors = {"topic": 0.91, "names": 0.72, "mention_sentiment": 0.87, "severity": 0.58, "events": 0.65, "mention_events": 0.6}
    assert {name: WRITTEN["tasks"][name]["macro_f1"] for name in floors if WRITTEN["tasks"][name]["macro_f1"] <= floors[name]} == {}


def test_its_official_figures_are_of_these_weights() -> None:
    """They were measured on minilm-mt-6, whose encoder and head of topics the checkpoint has unchanged."""
    official = WRITTEN["official_validation"]
    assert official["weights"] == _digest("topic")
    assert official["tasks"] == {"topic": {"rows": 4117, "accuracy": 0.9201, "macro_f1": 0.91}}


def _digest(head: str) -> str:
    """Return the digest of the encoder, without the signs that came later, and of a head."""
    state, found = load_file(SHIPPED / "model.safetensors"), xxhash.xxh3_64()
    for name in sorted(state):
        if name.startswith(("encoder.", "pool.", f"heads.{head}.")):
            values = state[name][:WORDS_OF_BERT] if name.endswith("word_embeddings.weight") else state[name]
            found.update(name.encode())
            found.update(values.contiguous().numpy().tobytes())
    return str(found.hexdigest())


def test_its_card_agrees_with_the_metrics_beside_it() -> None:
    assert (SHIPPED / "MODEL_CARD.md").read_text(encoding="utf-8") == model_card(
        WRITTEN, NetworkConfig.from_json((SHIPPED / "config.json").read_text(encoding="utf-8")).tasks
    )


def test_its_probabilities_are_calibrated() -> None:
    most = {"topic": 0.03, "sentiment": 0.03, "mention_sentiment": 0.03, "severity": 0.03}
    assert {name: WRITTEN["tasks"][name]["ece"] for name in most if WRITTEN["tasks"][name]["ece"] > most[name]} == {}


def test_it_knows_good_news_from_bad(engine: ScoringEngine) -> None:
    texts = ["Bank shares plunge after fraud probe and profit warning", "Apple stock jumps to record high after strong earnings beat"]
    scores = engine.read(texts)
    assert [SENTIMENTS[i] for i in scores.sentiment.argmax(1)] == ["negative", "positive"]


def test_a_notice_of_results_that_says_nothing_of_them_is_neutral(engine: ScoringEngine) -> None:
    texts = ["Kanda Steel <1234.T>-6-month group forecast", "Ota Foods <4321.OS>-1qtr parent", "Minato Rail <9876.T>-year group results"]
    assert [SENTIMENTS[i] for i in engine.read(texts).sentiment.argmax(1)] == ["neutral"] * 3


def test_it_knows_what_a_text_is_about(engine: ScoringEngine) -> None:
    texts = [
        "Crude oil prices slide as OPEC raises output",
        "Fed's Powell says interest rates to stay higher for longer",
        "Company declares quarterly dividend of $0.25",
    ]
    assert [TOPICS[i] for i in engine.read(texts).topic.argmax(1)] == ["Energy | Oil", "Fed | Central Banks", "Dividend"]


def test_company_does_not_change_the_scores_of_the_real_network(engine: ScoringEngine) -> None:
    texts = ["Gold steadies", "Oil slides 3% as dollar firms and traders await the OPEC meeting in Vienna on Thursday", "", "$TSLA 🚀"] * 3
    together = engine.read(texts)
    alone = [engine.read([text]) for text in texts]
    # a product's sums run in an order that depends on its shape, so a value at the edge may fall to the next step of bf16 or int8
    step = {"int8": 2e-3, "bf16": 2e-4, "fp32": 1e-5}[engine.precision]
    np.testing.assert_allclose(np.vstack([s.sentiment for s in alone]), together.sentiment, atol=step)
    np.testing.assert_allclose(np.vstack([s.topic for s in alone]), together.topic, atol=step)


@pytest.mark.slow
def test_the_engine_reaches_the_metrics_written_beside_the_weights(engine: ScoringEngine, data_folder: Path) -> None:
    config = WRITTEN["config"]
    public = public_examples(data_folder, DEFAULT_TASKS, ("tfn_sentiment", "tfn_topic"))
    _, dev = split(deduplicate(public), dev_share=config["dev_share"], seed=config["split_seed"])
    guesses = engine.read([row.text for row in dev]).probabilities
    for task in DEFAULT_TASKS:
        known = [i for i, row in enumerate(dev) if task.name in row.labels]
        found = metrics.report([dev[i].labels[task.name] for i in known], guesses[task.name][known].argmax(1).tolist(), task.labels)
        written = WRITTEN["by_source"][f"{task.name}/tfn_{task.name}"]
        assert 0 <= found["rows"] - written["rows"] < 0.03 * found["rows"]  # texts that judge were left out of the run
        assert found["accuracy"] == pytest.approx(written["accuracy"], abs=0.01)
        assert found["macro_f1"] == pytest.approx(written["macro_f1"], abs=0.02)
