"""A branch: heads of its own layers beside heads that stay as they were, in the folder, in every backend, in training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import DistilBertConfig, DistilBertModel

from squall.core.errors import ConfigurationError
from squall.model.branch import Branch
from squall.model.case import Case
from squall.model.checkpoint import FORMAT, BranchConfig, Checkpoint, NetworkConfig
from squall.model.hardware import has_vnni
from squall.model.network import MultiTaskNetwork, pad
from squall.model.serving.backends.selection import open_backend
from squall.model.tasks import TaskSpec
from squall.model.training.config import TrainConfig
from squall.model.training.finalisation import finalise
from squall.model.training.techniques.branching import planned_branch
from squall.model.training.trainer import Trainer
from tests.support.engines import tiny_settings
from tests.support.labelled import MENTION, MOOD, QUIET, SUBJECT, TASKS, rows, rows_with_mentions

BRANCH = BranchConfig(1, frozenset({"subject", "mention"}))
BOTH = BranchConfig(1, frozenset({"subject"}), frozenset({"mood", "mention"}))
NEEDS_VNNI = pytest.mark.skipif(not has_vnni(), reason="this CPU has no VNNI")
ROWS = [[2, 7, 3], [2, 9, 11, 3], [2, 5, 6, 8, 3]]


def _network(base: Path, branch: BranchConfig | None, *, case: bool = False) -> MultiTaskNetwork:
    torch.manual_seed(4)
    network = MultiTaskNetwork.from_base(base, (MOOD, SUBJECT, MENTION), name="tiny-1", branch=branch, case=case).eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for head in network.heads.values():
            head.weight.copy_(torch.randn(head.weight.shape, generator=generator))
            head.bias.zero_()
        if network.branch is not None:
            for values in network.branch.parameters():
                values.add_(torch.randn(values.shape, generator=generator) * 0.3)
    return network


def _saved(base: Path, folder: Path, branch: BranchConfig | None = BRANCH, *, case: bool = False) -> Path:
    _network(base, branch, case=case).save(folder, (base / "tokenizer.json").read_text())
    return folder


def test_heads_outside_the_branch_answer_as_without_it_to_the_last_bit(tiny_base: Path) -> None:
    with torch.inference_mode():
        plain, branched = (_network(tiny_base, branch)(*pad(ROWS)) for branch in (None, BRANCH))
    assert torch.equal(plain["mood"], branched["mood"])
    assert not torch.allclose(plain["subject"], branched["subject"], atol=0.1)
    assert not torch.allclose(plain["mention"], branched["mention"], atol=0.1)


def test_a_branch_comes_back_from_its_folder(tiny_base: Path, tmp_path: Path) -> None:
    before, after = _network(tiny_base, BRANCH), MultiTaskNetwork.load(_saved(tiny_base, tmp_path))
    assert after.config.branch == BRANCH
    with torch.inference_mode():
        for name, values in after(*pad(ROWS)).items():
            torch.testing.assert_close(values, before(*pad(ROWS))[name], atol=2e-2, rtol=0)  # fp16 on disk


def test_a_checkpoint_from_before_there_were_branches_loads(tiny_base: Path, tmp_path: Path) -> None:
    config = _saved(tiny_base, tmp_path, None) / "config.json"
    config.write_text(config.read_text().replace(f'"format": {FORMAT}', '"format": 2').replace('  "branch": null,\n', ""))
    assert NetworkConfig.from_json(config.read_text()).branch is None
    MultiTaskNetwork.load(tmp_path)


def test_padding_does_not_change_the_branch(tiny_base: Path) -> None:
    network = _network(tiny_base, BRANCH)
    with torch.inference_mode():
        together, alone = network(*pad(ROWS))["subject"][0], network(*pad(ROWS[:1]))["subject"][0]
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_only_the_branch_reads_the_case_of_words(tiny_base: Path) -> None:
    network = _network(tiny_base, BRANCH, case=True)
    assert network.case is not None
    torch.nn.init.normal_(network.case.weight)
    size = int(network.config.encoder["vocab_size"])
    upper = [[token + size * list(Case).index(Case.UPPER) for token in row] for row in ROWS]
    with torch.inference_mode():
        small, large = network(*pad(ROWS)), network(*pad(upper))
    assert torch.equal(small["mood"], large["mood"])
    assert not torch.allclose(small["subject"], large["subject"], atol=0.01)


@pytest.mark.parametrize("branch", [BRANCH, BOTH])
@pytest.mark.parametrize("case", [False, True])
@pytest.mark.parametrize(
    ("backend", "precision"), [("onnx", "fp32"), ("eager", "fp32"), ("eager", "int8"), pytest.param("onnx", "int8", marks=NEEDS_VNNI)]
)
def test_every_backend_runs_the_branch(
    tiny_base: Path, tmp_path: Path, backend: str, precision: str, case: bool, branch: BranchConfig
) -> None:
    network = MultiTaskNetwork.load(_saved(tiny_base, tmp_path, branch, case=case))
    size = int(network.config.encoder["vocab_size"])
    given = [[token + size * (case and position % 2) for position, token in enumerate(row)] for row in ROWS]
    with torch.inference_mode():
        expected = network(*pad(given))
    found = open_backend(backend, Checkpoint.read(tmp_path), tiny_settings(tmp_path, precision=precision, threads=2)).logits(given)
    for name in ("mood", "subject"):
        np.testing.assert_allclose(found[name], expected[name].numpy(), atol=1e-4 if precision == "fp32" else 0.8)
    for position, row in enumerate(given):
        wanted = expected["mention"][position, : len(row)].numpy()
        np.testing.assert_allclose(found["mention"][position, : len(row)], wanted, atol=1e-4 if precision == "fp32" else 0.8)


def test_an_encoder_of_another_kind_or_too_few_layers_has_no_branch(tiny_base: Path) -> None:
    other = DistilBertModel(DistilBertConfig(vocab_size=30, dim=16, n_layers=1, n_heads=2, hidden_dim=32))
    with pytest.raises(ConfigurationError, match="distilbert"):
        Branch(other, 1)
    with pytest.raises(ConfigurationError, match="no branch of 3 layers beside 2 layers"):
        _network(tiny_base, BranchConfig(3, frozenset({"mood"})))
    with pytest.raises(ConfigurationError, match="a branch of 0 layers"):
        BranchConfig(0, frozenset({"mood"}))
    with pytest.raises(ConfigurationError, match="mood reads the branch alone, and the encoder too"):
        BranchConfig(1, frozenset({"mood"}), frozenset({"mood"}))


def test_training_a_branch_leaves_the_base_as_it_is_and_learns_the_new_head(tiny_base: Path, tmp_path: Path) -> None:
    settings = TrainConfig(epochs=4, batch_rows=16, max_tokens=16, learning_rate=3e-3, head_learning_rate=1e-2, precision="fp32", seed=5)
    first = Trainer(tiny_base, TASKS, settings, tmp_path / "first", QUIET)
    first.fit(first.encode(rows(64, 1)), first.encode(rows(32, 2)))
    config = settings.model_copy(update={"branch_layers": 1, "ema_decay": 0.5})
    second = Trainer(tmp_path / "first" / "best", (*TASKS, MENTION), config, tmp_path / "second", QUIET)
    best = second.fit(second.encode(rows_with_mentions(320, 1)), second.encode(rows_with_mentions(120, 2)))
    before, after = (MultiTaskNetwork.load(tmp_path / name / "best").state_dict() for name in ("first", "second"))
    assert all(torch.equal(after[name], values) for name, values in before.items())
    assert [task.name for task in second.learning] == ["mention"]
    assert best["tasks"]["mention"]["macro_f1"] > 0.9
    _goes_on_alike(tmp_path, config, second, after)


def test_a_head_that_reads_both_begins_with_the_base_s_answers_and_learns_from_the_branch(tiny_base: Path, tmp_path: Path) -> None:
    settings = TrainConfig(epochs=2, batch_rows=16, max_tokens=16, learning_rate=3e-3, head_learning_rate=1e-2, precision="fp32", seed=5)
    first = Trainer(tiny_base, TASKS, settings, tmp_path / "first", QUIET)
    first.fit(first.encode(rows(64, 1)), first.encode(rows(32, 2)))
    name = TASKS[0].name
    config = settings.model_copy(update={"branch_layers": 1, "branch_both": (name,)})
    second = Trainer(tmp_path / "first" / "best", (*TASKS, MENTION), config, tmp_path / "second", QUIET)
    assert {task.name for task in second.learning} == {name, "mention"}
    base = MultiTaskNetwork.load(tmp_path / "first" / "best")
    with torch.inference_mode():
        torch.testing.assert_close(second.network.eval()(*pad(ROWS))[name], base(*pad(ROWS))[name], atol=1e-5, rtol=0)
    second.fit(second.encode(rows_with_mentions(64, 1)), second.encode(rows_with_mentions(60, 2)))
    after = MultiTaskNetwork.load(tmp_path / "second" / "best")
    width = base.pool.width
    assert after.heads[name].weight[:, width:].abs().max() > 0.01  # type: ignore[index, union-attr]
    assert after.config.branch == BranchConfig(1, frozenset({"mention"}), frozenset({name}))
    _goes_on_alike(tmp_path, config, second, after.state_dict())


def test_a_share_of_what_a_head_learnt_lies_between_the_base_and_all_of_it(tiny_base: Path, tmp_path: Path) -> None:
    settings = TrainConfig(epochs=1, batch_rows=16, max_tokens=16, learning_rate=3e-3, head_learning_rate=1e-2, precision="fp32", seed=5)
    first = Trainer(tiny_base, TASKS, settings, tmp_path / "first", QUIET)
    first.fit(first.encode(rows(64, 1)), first.encode(rows(32, 2)))
    name = TASKS[0].name
    found = {}
    for share in (0.0, 0.5, 1.0):
        fields = {"branch_layers": 1, "branch_both": (name,), "branch_both_share": share, "calibrate": False}
        run = Trainer(tmp_path / "first" / "best", (*TASKS, MENTION), settings.model_copy(update=fields), tmp_path / f"{share}", QUIET)
        train, dev = rows_with_mentions(64, 1), rows_with_mentions(60, 2)
        finalise(run, run.fit(run.encode(train), run.encode(dev)), train, dev)
        with torch.inference_mode():
            found[share] = MultiTaskNetwork.load(tmp_path / f"{share}" / "best")(*pad(ROWS))[name]
    with torch.inference_mode():
        base = MultiTaskNetwork.load(tmp_path / "first" / "best")(*pad(ROWS))[name]
    torch.testing.assert_close(found[0.0], base, atol=1e-4, rtol=0)
    torch.testing.assert_close(found[0.5], (base + found[1.0]) / 2, atol=5e-3, rtol=0)
    assert not torch.allclose(found[1.0], base, atol=0.05)


def test_the_rest_of_a_head_may_be_that_of_a_teacher_with_the_same_encoder(tiny_base: Path, tmp_path: Path) -> None:
    settings = TrainConfig(epochs=1, batch_rows=16, max_tokens=16, learning_rate=3e-3, head_learning_rate=1e-2, precision="fp32", seed=5)
    for name, seed in (("first", 1), ("stranger", 3)):
        run = Trainer(tiny_base, TASKS, settings, tmp_path / name, QUIET)
        run.fit(run.encode(rows(64, seed)), run.encode(rows(32, 2)))
    head, train, dev = TASKS[0].name, rows_with_mentions(64, 1), rows_with_mentions(60, 2)

    def trained(base: str, folder: str, **fields: object) -> Path:
        config = settings.model_copy(update={"branch_layers": 1, "branch_both": (head,), "calibrate": False, **fields})
        run = Trainer(tmp_path / base / "best", (*TASKS, MENTION), config, tmp_path / folder, QUIET)
        finalise(run, run.fit(run.encode(train), run.encode(dev)), train, dev)
        return tmp_path / folder / "best"

    trained("first", "second")
    mixed = {"branch_both_share": 0.0, "branch_both_rest": "teacher"}
    third = trained("second", "third", **mixed, teachers=(tmp_path / "first" / "best",))
    with torch.inference_mode():
        found = MultiTaskNetwork.load(third)(*pad(ROWS))[head]
        expected = MultiTaskNetwork.load(tmp_path / "first" / "best")(*pad(ROWS))[head]
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)
    with pytest.raises(ConfigurationError, match="another encoder"):
        trained("second", "fourth", **mixed, teachers=(tmp_path / "stranger" / "best",))


def test_a_head_that_stays_as_it_is_needs_no_labels(tiny_base: Path, tmp_path: Path) -> None:
    settings = TrainConfig(epochs=1, batch_rows=16, max_tokens=16, learning_rate=3e-3, precision="fp32", seed=5)
    first = Trainer(tiny_base, TASKS, settings, tmp_path / "first", QUIET)
    first.fit(first.encode(rows(64, 1)), first.encode(rows(32, 2)))
    train, dev = ([replace(row, labels={}) for row in rows_with_mentions(*drawn)] for drawn in ((64, 1), (60, 2)))
    config = settings.model_copy(update={"branch_layers": 1})
    run = Trainer(tmp_path / "first" / "best", (*TASKS, MENTION), config, tmp_path / "second", QUIET)
    found = finalise(run, run.fit(run.encode(train), run.encode(dev)), train, dev)
    assert list(found["tasks"]) == ["mention"]
    card = (tmp_path / "second" / "best" / "MODEL_CARD.md").read_text()
    assert "### mention" in card
    assert "### mood" not in card


def _goes_on_alike(tmp_path: Path, config: TrainConfig, second: Trainer, after: dict[str, torch.Tensor]) -> None:
    again = Trainer(tmp_path / "second" / "best", (*TASKS, MENTION), config, tmp_path / "third", QUIET)
    assert again.network.config.branch == second.network.config.branch
    for name, values in again.network.branch.state_dict().items():  # type: ignore[union-attr]
        assert torch.equal(values, after[f"branch.{name}"])
    for name, values in again.network.heads.state_dict().items():
        assert torch.equal(values, after[f"heads.{name}"])


@pytest.mark.parametrize(
    ("changes", "tasks", "base", "problem"),
    [
        ({"branch_layers": 1}, (*TASKS, MENTION), None, "needs a checkpoint"),
        ({"branch_layers": 1, "branch_both_rest": "teacher"}, (*TASKS, MENTION), (TASKS, None), "names a teacher"),
        ({"branch_layers": 1}, TASKS, (TASKS, None), "no new heads"),
        ({"branch_layers": 1}, (MENTION, TaskSpec("tone", ("a", "b"))), (TASKS, None), "none of the base's heads"),
        (
            {"branch_layers": 2},
            (*TASKS, MENTION),
            ((*TASKS, MENTION), BranchConfig(1, frozenset({"mention"}))),
            "a branch of 1 layers, not 2",
        ),
        ({}, (*TASKS, MENTION), ((*TASKS, MENTION), BranchConfig(1, frozenset({"mention"}))), "branch_layers is 0"),
        ({"branch_layers": 1, "base_share": 0.5}, (*TASKS, MENTION), (TASKS, None), "base_share"),
        ({"branch_both": ["topic"]}, TASKS, (TASKS, None), "needs a branch"),
        ({"branch_layers": 1, "branch_both": ["mention"]}, (*TASKS, MENTION), (TASKS, None), "branch_both names mention"),
        (
            {"branch_layers": 1},
            (*TASKS, MENTION),
            ((*TASKS, MENTION), BranchConfig(1, frozenset({"mention"}), frozenset({TASKS[0].name}))),
            "reads the base's branch too",
        ),
    ],
)
def test_a_branch_that_can_t_be_is_told(
    changes: dict[str, object], tasks: tuple[TaskSpec, ...], base: tuple[object, ...] | None, problem: str
) -> None:
    before = None if base is None else NetworkConfig({}, base[0], branch=base[1])  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=problem):
        planned_branch(TrainConfig.model_validate(changes), before, tasks)
