"""What a model card says."""

from __future__ import annotations

from typing import Any

from squall.model.evaluation import metrics
from squall.model.spans import Span
from squall.model.tasks import SENTIMENT, TaskSpec
from squall.model.training.artifacts.model_card import model_card

ENTITY = TaskSpec("entity", ("O", "B", "I"), "tokens")


def _run(**more: Any) -> dict[str, Any]:
    found = metrics.report([0, 1, 2], [0, 1, 1], SENTIMENT.labels, [[0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.1, 0.6, 0.3]])
    counts = {"total": 3, "labelled": {"sentiment": 3}, "by_source": {"tfn_sentiment": 2, "desk": 1}}
    config = {
        "name": "tiny-1",
        "epochs": 4,
        "seed": 7,
        "batch_rows": 8,
        "learning_rate": 1e-4,
        "head_learning_rate": 1e-3,
        "max_tokens": 64,
    }
    return {
        "base": "some_encoder",
        "epoch": 3,
        "tasks": {"sentiment": found},
        "by_source": {"sentiment/desk": found},
        "rows": {"train": counts, "dev": counts},
        "config": config,
        **more,
    }


def test_a_card_lists_data_licences_split_and_limits() -> None:
    card = model_card(_run(), [SENTIMENT])
    for words in ("# tiny-1", "some_encoder", "| tfn_sentiment | 2 | 2 | Twitter Financial News, sentiment: MIT |", "ask its owner"):
        assert words in card
    for words in ("normalised", "Use and limits", "squall model evaluate", "not advice", "seed 7"):
        assert words in card


def test_a_card_shows_the_confusion_of_few_labels_and_no_calibration_that_was_not_made() -> None:
    card = model_card(_run(), [SENTIMENT])
    assert "| positive | 0 | 1 | 0 |" in card
    assert "Calibration" not in card


def test_a_card_shows_calibration_before_and_after_and_that_it_was_fitted_there() -> None:
    entry = {"temperature": 1.25, "before": {"ece": 0.05, "nll": 0.4}, "after": {"ece": 0.01, "nll": 0.3}}
    card = model_card(_run(calibration={"sentiment": entry}), [SENTIMENT])
    assert "| sentiment | 1.2500 | 0.0500 | 0.0100 | 0.4000 | 0.3000 |" in card
    assert "fitted on the held-out rows" in card


def test_a_card_states_where_the_knowledge_came_from() -> None:
    assert "- Teacher one: base big" in model_card(_run(provenance=["Teacher one: base big"]), [SENTIMENT])


def test_a_card_mentions_weights_mixed_with_those_of_the_base() -> None:
    run = _run()
    assert "WiSE-FT" not in model_card(run, [SENTIMENT])
    run["config"]["base_share"] = 0.25
    assert "those of the base (share 0.25)" in model_card(run, [SENTIMENT])


def test_official_figures_are_on_the_card_of_the_checkpoint_that_has_them_and_of_no_other() -> None:
    official = {
        "data": "The published part",
        "weights": "00",
        "tasks": {"sentiment": {"rows": 2388, "accuracy": 0.9095, "macro_f1": 0.884}},
    }
    card = model_card(_run(official_validation=official), [SENTIMENT])
    assert "| sentiment | 2,388 | 0.9095 | 0.884 |" in card
    assert "They chose nothing" in card
    assert "official validation" not in model_card(_run(), [SENTIMENT])


def test_a_tokens_task_has_its_place_on_the_card() -> None:
    run = _run()
    run["tasks"]["entity"] = metrics.span_report([[Span(0, 1)]], [[Span(0, 1)]], ("",))
    card = model_card(run, [SENTIMENT, ENTITY])
    assert "entity (3 labels per token)" in card
    assert "| entity | all | 1 | 1.0000 | 1.0000 | – | – |" in card
    assert "| span | 1.000 | 1.000 | 1.000 | 1 |" in card
