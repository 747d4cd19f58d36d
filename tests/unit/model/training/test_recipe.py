"""Recipes: TOML in, a run out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from squall.cli.model import app
from squall.core.errors import ConfigurationError
from squall.model.checkpoint import SHIPPED
from squall.model.network import load_encoder
from squall.model.tasks import HEADLINES, TOPIC, TaskSpec
from squall.model.training.artifacts.run_folder import folder_name
from squall.model.training.base_encoder import base_folder
from squall.model.training.config import TrainConfig
from squall.model.training.pretraining.masked_language_model import MaskedLanguageModel
from squall.model.training.recipe import load_recipe
from squall.model.training.run import run
from squall.model.training.techniques.distillation import score_with_teachers
from tests.support.labelled import QUIET, TASKS, rows, rows_with_mentions

RECIPES = SHIPPED.parent / "recipes"


def test_a_recipe_reads_paths_from_its_own_folder_and_options_win(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text('data = "sets"\n[train]\nepochs = 2\nseed = 1\n[[part]]\npath = "mine.csv"\nlabels = {sentiment = "label"}\n')
    recipe = load_recipe(path, {"out": tmp_path / "out"}, {"seed": 7})
    assert recipe.data == tmp_path / "sets"
    assert recipe.part[0].path == tmp_path / "mine.csv"
    assert (recipe.train.epochs, recipe.train.seed) == (2, 7)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_that_comes_along_can_be_read(path: Path) -> None:
    recipe = load_recipe(path, {}, {})
    assert recipe.tasks
    assert recipe.out.resolve().parent == RECIPES.parents[1] / "runs"


def test_the_shipped_checkpoint_was_made_with_the_settings_of_its_recipe() -> None:
    made = json.loads((SHIPPED / "metrics.json").read_text(encoding="utf-8"))["config"]
    (train,) = (train for train in (load_recipe(path, {}, {}).train for path in RECIPES.glob("*.toml")) if train.name == made["name"])
    expected = {**train.model_dump(mode="json"), "teachers": [folder_name(path) for path in train.teachers]}
    since = {**TrainConfig().model_dump(mode="json"), **made}  # settings that came later had no effect on it
    assert {**since, "threads": expected["threads"], "patience": expected["patience"]} == expected  # neither changes what is learned in it


@pytest.mark.parametrize(("body", "said"), [("epochs = 3", "epochs"), ("[train]\nepochs = 0", "train.epochs"), ("[train", "can't be read")])
def test_a_wrong_recipe_names_the_key(tmp_path: Path, body: str, said: str) -> None:
    path = tmp_path / "run.toml"
    path.write_text(body)
    with pytest.raises(ConfigurationError, match=said):
        load_recipe(path, {}, {})


def test_a_recipe_without_data_says_so() -> None:
    with pytest.raises(ConfigurationError, match="no training data"):
        load_recipe(None, {}, {}).rows()


def _written(path: Path, number: int, seed: int) -> None:
    made = rows_with_mentions(number, seed)
    lines = [
        {
            "text": row.text,
            **{task.name: task.labels[row.labels[task.name]] for task in TASKS if task.name in row.labels},
            "banks": [{"start": s.start, "end": s.end} for s in row.spans["mention"]],
        }
        for row in made
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


RECIPE = """
base = "{base}"
out = "run"

[[task]]
name = "mood"
labels = ["bad", "good"]

[[task]]
name = "subject"
labels = ["oil", "gold", "fed"]

[[part]]
path = "rows.jsonl"
labels = {{ mood = "mood", subject = "subject" }}
{spans}

[train]
name = "tiny"
epochs = 4
batch_rows = 16
max_tokens = 24
learning_rate = 3e-3
head_learning_rate = 1e-2
dev_share = 0.25
precision = "fp32"
"""


@pytest.mark.slow
def test_a_third_task_on_tokens_is_a_few_lines_of_toml(tiny_base: Path, tmp_path: Path) -> None:
    _written(tmp_path / "rows.jsonl", 400, 1)
    head = '\n[[task]]\nname = "mention"\nkind = "tokens"\nlabels = ["O", "B", "I"]\n'
    (tmp_path / "run.toml").write_text(RECIPE.format(base=tiny_base, spans='spans = { mention = "banks" }') + head)
    best = run(load_recipe(tmp_path / "run.toml", {}, {}), QUIET)
    assert best["tasks"]["mention"]["f1"] > 0.75
    assert best["tasks"]["mood"]["accuracy"] > 0.9
    written = json.loads((tmp_path / "run" / "best" / "config.json").read_text())
    assert [task["kind"] for task in written["tasks"]] == ["text", "text", "tokens"]


@pytest.mark.slow
def test_a_student_learns_a_task_from_teachers_alone(tiny_base: Path, tmp_path: Path) -> None:
    _written(tmp_path / "rows.jsonl", 400, 1)
    (tmp_path / "run.toml").write_text(RECIPE.format(base=tiny_base, spans=""))
    run(load_recipe(tmp_path / "run.toml", {"out": tmp_path / "teacher"}, {}), QUIET)
    (tmp_path / "more.txt.jsonl").write_text("".join(json.dumps({"text": row.text}) + "\n" for row in rows(200, 9)))
    section = '\n[[unlabelled]]\npath = "more.txt.jsonl"\nlimit = 150\n'
    (tmp_path / "run.toml").write_text(RECIPE.format(base=tiny_base, spans="") + section)
    best = run(load_recipe(tmp_path / "run.toml", {}, {"teachers": [tmp_path / "teacher" / "best"], "teacher_share": 1.0}), QUIET)
    assert best["tasks"]["mood"]["accuracy"] > 0.9
    card = (tmp_path / "run" / "best" / "MODEL_CARD.md").read_text()
    assert "teacher" in card
    assert str(tmp_path) not in (tmp_path / "run" / "best" / "metrics.json").read_text()


def test_labels_may_be_left_out_for_tasks_that_squall_knows_by_name(tmp_path: Path) -> None:
    written = tmp_path / "run.toml"
    own = '[[task]]\nname = "sentiment"\nlabels = ["bad", "good"]\n'
    written.write_text('[[task]]\nname = "topic"\n[[task]]\nname = "headline_sentiment"\n' + own)
    assert load_recipe(written, {}, {}).tasks == (TOPIC, HEADLINES, TaskSpec("sentiment", ("bad", "good")))
    written.write_text('[[task]]\nname = "mood"\n')
    with pytest.raises(ConfigurationError, match="'mood' has no labels"):
        _ = load_recipe(written, {}, {}).tasks


def test_outputs_of_teachers_are_stored_for_the_next_run(tiny_base: Path, tmp_path: Path) -> None:
    _written(tmp_path / "rows.jsonl", 80, 1)
    (tmp_path / "run.toml").write_text(RECIPE.format(base=tiny_base, spans=""))
    run(load_recipe(tmp_path / "run.toml", {}, {"epochs": 1}), QUIET)
    texts = rows(30, 3)
    teacher = tmp_path / "run" / "best"
    first = score_with_teachers(texts, TASKS, TrainConfig(teachers=(teacher,)), tmp_path / "soft", QUIET).soft
    kept = next((tmp_path / "soft").iterdir())
    before = kept.stat().st_mtime_ns
    again = score_with_teachers(texts, TASKS, TrainConfig(teachers=(teacher, teacher)), tmp_path / "soft", QUIET).soft
    assert kept.stat().st_mtime_ns == before
    assert first["mood"].shape == (30, 2)
    assert abs(first["subject"] - again["subject"]).max() < 1e-6
    assert abs(first["subject"].sum(1) - 1).max() < 1e-5


def test_vectors_of_the_first_teacher_come_standardised_and_only_when_asked_for(tiny_base: Path, tmp_path: Path) -> None:
    _written(tmp_path / "rows.jsonl", 80, 1)
    (tmp_path / "run.toml").write_text(RECIPE.format(base=tiny_base, spans=""))
    run(load_recipe(tmp_path / "run.toml", {}, {"epochs": 1}), QUIET)
    texts, teacher = rows(60, 3), tmp_path / "run" / "best"
    asked = TrainConfig(teachers=(teacher,), teacher_vectors=1.0)
    vectors = score_with_teachers(texts, TASKS, asked, tmp_path / "soft", QUIET).vectors
    width = json.loads((teacher / "config.json").read_text())["encoder"]["hidden_size"]
    assert vectors is not None
    assert vectors.shape == (60, width)
    np.testing.assert_allclose(vectors.astype(np.float32).mean(0), np.zeros(width), atol=1e-2)
    np.testing.assert_allclose(vectors.astype(np.float32).std(0), np.ones(width), atol=2e-2)
    assert score_with_teachers(texts, TASKS, TrainConfig(teachers=(teacher,)), tmp_path / "soft", QUIET).vectors is None


def test_augment_rewrites_the_recipes_training_texts_and_leaves_the_held_out_ones_alone(tiny_base: Path, tmp_path: Path) -> None:
    _written(tmp_path / "rows.jsonl", 200, 1)
    (tmp_path / "run.toml").write_text(RECIPE.format(base=tiny_base, spans=""))
    MaskedLanguageModel(load_encoder(tiny_base)).save(tmp_path / "lm")
    shutil.copyfile(tiny_base / "tokenizer.json", tmp_path / "lm" / "tokenizer.json")
    options = ["--config", str(tmp_path / "run.toml"), "--model", str(tmp_path / "lm"), "--out", str(tmp_path / "new" / "more.jsonl")]
    result = CliRunner().invoke(app, ["augment", *options, "--copies", "3"])
    assert result.exit_code == 0, result.output
    train, dev = load_recipe(tmp_path / "run.toml", {}, {}).split()
    assert dev
    written = [json.loads(line)["text"] for line in (tmp_path / "new" / "more.jsonl").read_text().splitlines()]
    assert len(written) == 3 * len(train)
    assert f"wrote {len(written)} texts" in result.stdout


def test_unlabelled_texts_without_teachers_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('[[unlabelled]]\npath = "x.jsonl"\n')
    with pytest.raises(ConfigurationError, match="need teachers"):
        load_recipe(tmp_path / "run.toml", {}, {}).unlabelled_rows([])


def test_a_base_that_is_neither_folder_nor_on_the_hub_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ConfigurationError, match="is not a folder, and the hub does not provide it"):
        base_folder("nobody/no-such-encoder")
    with pytest.raises(ConfigurationError, match=r"no tokenizer\.json"):
        base_folder(str(tmp_path))


def test_a_recipe_takes_only_the_public_sets_it_names(tmp_path: Path) -> None:
    for name in ("tfn_sentiment", "sentfin"):
        (tmp_path / name).mkdir()
    (tmp_path / "tfn_sentiment" / "train.csv").write_text("text,label\nOil falls on supply,0\n")
    (tmp_path / "sentfin" / "SEntFiN.csv").write_text("Title,Decisions\nGold gains on fears,\"{'Gold': 'positive'}\"\n")
    both = load_recipe(None, {"data": tmp_path, "sets": ["tfn_sentiment", "sentfin"]}, {}).rows()
    tweets = load_recipe(None, {"data": tmp_path, "sets": ["tfn_sentiment"]}, {}).rows()
    assert [row.source for row in both] == ["tfn_sentiment", "sentfin"]
    assert [row.source for row in tweets] == ["tfn_sentiment"]
    with pytest.raises(ConfigurationError, match="sets"):
        load_recipe(None, {"sets": ["nope"]}, {})
