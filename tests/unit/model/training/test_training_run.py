"""Ways to run a training: serial, resumed, averaged, with adapters, calibrated; and pre-training before it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from squall.core.errors import ConfigurationError
from squall.model.checkpoint import SHIPPED
from squall.model.network import MultiTaskNetwork
from squall.model.tasks import TaskSpec
from squall.model.training.artifacts.run_log import RunLog
from squall.model.training.base_encoder import base_folder
from squall.model.training.config import TrainConfig
from squall.model.training.finalisation import finalise
from squall.model.training.pretraining.augment import Rewriter
from squall.model.training.pretraining.corpus import read_texts
from squall.model.training.pretraining.pretrain import PretrainConfig, Pretrainer, load_pretrain_config
from squall.model.training.techniques.lora import Lora
from squall.model.training.trainer import Trainer
from tests.support.labelled import QUIET, TASKS, rows

pytestmark = pytest.mark.slow

QUICK = TrainConfig(
    name="tiny", epochs=4, batch_rows=16, max_tokens=16, learning_rate=3e-3, head_learning_rate=1e-2, precision="fp32", seed=5
)


def _fit(base: Path, folder: Path, config: TrainConfig, *, resume: bool = False) -> tuple[dict[str, object], Trainer]:
    trainer = Trainer(base, TASKS, config, folder, QUIET)
    return trainer.fit(trainer.encode(rows(240, 1)), trainer.encode(rows(80, 2)), resume=resume), trainer


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    return MultiTaskNetwork.load(folder / "best").state_dict()


def test_a_run_killed_between_epochs_and_resumed_ends_with_the_same_weights(tiny_base: Path, tmp_path: Path) -> None:
    config = QUICK.model_copy(update={"ema_decay": 0.9, "learn_loss_weights": True, "patience": 9})
    _, whole = _fit(tiny_base, tmp_path / "whole", config)

    class KilledError(Exception):
        pass

    class DyingLog(RunLog):
        def message(self, line: str) -> None:
            if line.startswith("epoch 3:"):
                raise KilledError

    dying = Trainer(tiny_base, TASKS, config, tmp_path / "cut", DyingLog(io.StringIO()))
    with pytest.raises(KilledError):
        dying.fit(dying.encode(rows(240, 1)), dying.encode(rows(80, 2)))
    _, resumed = _fit(tiny_base, tmp_path / "cut", config, resume=True)
    assert [entry["epoch"] for entry in resumed.history] == [1, 2, 3, 4]
    assert all(torch.equal(value, resumed.network.state_dict()[key]) for key, value in whole.network.state_dict().items())
    assert all(torch.equal(value, _weights(tmp_path / "cut")[key]) for key, value in _weights(tmp_path / "whole").items())


def test_resuming_with_other_settings_or_without_a_run_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nothing to resume"):
        _fit(tiny_base, tmp_path, QUICK, resume=True)
    _fit(tiny_base, tmp_path, QUICK.model_copy(update={"epochs": 1}))
    with pytest.raises(ConfigurationError, match=r"learning_rate was 0\.003, is 0\.1"):
        _fit(tiny_base, tmp_path, QUICK.model_copy(update={"learning_rate": 0.1}), resume=True)


def test_serial_training_takes_one_task_after_the_other(tiny_base: Path, tmp_path: Path) -> None:
    best, trainer = _fit(tiny_base, tmp_path, QUICK.model_copy(update={"strategy": "serial", "epochs": 2}))
    assert [(entry["stage"], entry["epoch"]) for entry in trainer.history] == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert set(best["tasks"]) == {"mood", "subject"}  # type: ignore[call-overload]


TECHNIQUES: dict[str, dict[str, Any]] = {
    "first token": {"pooling": "cls"},
    "attention": {"pooling": "attention"},
    "layer-wise rates": {"layer_decay": 0.8},
    "moving average": {"ema_decay": 0.9},
    "learned weights": {"learn_loss_weights": True},
    "label smoothing": {"label_smoothing": 0.1},
    "focal loss": {"focal_gamma": 2.0},
    "class balance": {"class_balance": 0.5},
    "R-Drop": {"r_drop": 1.0},
    "adapters": {"lora": Lora(rank=8), "learning_rate": 2e-2},
}


@pytest.mark.parametrize("name", TECHNIQUES)
def test_every_technique_learns_in_bf16_as_on_processors_that_have_it(tiny_base: Path, tmp_path: Path, name: str) -> None:
    best, _ = _fit(tiny_base, tmp_path, QUICK.model_copy(update={"precision": "bf16", **TECHNIQUES[name]}))
    assert best["tasks"]["mood"]["accuracy"] > 0.75  # type: ignore[index]


def test_the_run_folder_holds_history_curves_and_tensorboard_events(tiny_base: Path, tmp_path: Path) -> None:
    log = RunLog(io.StringIO(), tmp_path / "tensorboard")
    trainer = Trainer(tiny_base, TASKS, QUICK.model_copy(update={"epochs": 2}), tmp_path, log)
    trainer.fit(trainer.encode(rows(64, 1)), trainer.encode(rows(32, 2)))
    log.close()
    history = json.loads((tmp_path / "history.json").read_text())
    assert [entry["epoch"] for entry in history] == [1, 2]
    assert set(history[0]["dev"]) == {"mood", "subject"}
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert "dev/mood/accuracy" in events.Tags()["scalars"]
    assert len(events.Scalars("train/loss")) == history[-1]["step"]


def test_adapters_train_while_the_encoder_stays_and_the_checkpoint_is_a_plain_one(tiny_base: Path, tmp_path: Path) -> None:
    config = QUICK.model_copy(update={"lora": Lora(rank=8), "learning_rate": 2e-2, "epochs": 6})
    best, trainer = _fit(tiny_base, tmp_path, config)
    assert best["tasks"]["mood"]["accuracy"] > 0.75  # type: ignore[index]
    trained = {name for name, p in trainer.network.named_parameters() if p.requires_grad}
    assert trained
    assert all("lora_" in name or name.startswith("heads.") for name in trained)
    ids, mask = torch.tensor([[2, 6, 7, 3]]), torch.ones(1, 4, dtype=torch.long)
    with torch.inference_mode():
        folded, adapted = trainer.plain_network().eval()(ids, mask)["mood"], trainer.network.eval()(ids, mask)["mood"]
    torch.testing.assert_close(folded, adapted, atol=1e-4, rtol=1e-4)
    assert not any("lora" in name for name in MultiTaskNetwork.load(tmp_path / "best").state_dict())


def test_adapters_for_a_layer_that_is_not_there_are_an_error(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="lora"):
        Trainer(tiny_base, TASKS, QUICK.model_copy(update={"lora": Lora(targets=("nope",))}), tmp_path, QUIET)


def test_finishing_calibrates_and_says_how_far_off_it_was(tiny_base: Path, tmp_path: Path) -> None:
    trainer = Trainer(tiny_base, TASKS, QUICK, tmp_path, QUIET)
    train, dev = rows(240, 1), rows(80, 2)
    best = trainer.fit(trainer.encode(train), trainer.encode(dev))
    found = finalise(trainer, best, train, dev)
    for name in ("mood", "subject"):
        entry = found["calibration"][name]
        assert entry["after"]["nll"] <= entry["before"]["nll"] + 1e-6
        assert found["tasks"][name]["accuracy"] == best["tasks"][name]["accuracy"]
    assert json.loads((tmp_path / "best" / "metrics.json").read_text())["calibration"].keys() == {"mood", "subject"}


def test_pretraining_lowers_the_loss_and_gives_a_base_to_go_on_from(tiny_base: Path, tmp_path: Path) -> None:
    texts = [row.text for row in rows(600, 4)]
    config = PretrainConfig(epochs=3, batch_rows=16, max_tokens=16, learning_rate=3e-3, precision="fp32", seed=1)
    found = Pretrainer(tiny_base, config, tmp_path / "base", QUIET).fit(texts)
    assert found["dev_loss"][-1] < 0.6 * found["dev_loss"][0]
    best, _ = _fit(tmp_path / "base", tmp_path / "run", QUICK)
    assert best["tasks"]["mood"]["accuracy"] > 0.9  # type: ignore[index]
    written = json.loads((tmp_path / "run" / "best" / "metrics.json").read_text())
    assert "masked language modelling on" in written["provenance"][0]


def test_a_checkpoint_trained_from_another_does_not_inherit_its_official_figures(tiny_base: Path, tmp_path: Path) -> None:
    _fit(tiny_base, tmp_path / "first", QUICK)
    measured = tmp_path / "first" / "best" / "metrics.json"
    measured.write_text(json.dumps(json.loads(measured.read_text()) | {"official_validation": {"tasks": {}}}))
    _fit(tmp_path / "first" / "best", tmp_path / "second", QUICK)
    written = json.loads((tmp_path / "second" / "best" / "metrics.json").read_text())
    assert "official_validation" not in written
    assert "fficial" not in (tmp_path / "second" / "best" / "MODEL_CARD.md").read_text()


def test_a_run_goes_on_from_a_checkpoint_with_the_heads_that_both_have(tiny_base: Path, tmp_path: Path) -> None:
    said = io.StringIO()
    _fit(tiny_base, tmp_path / "first", QUICK)
    tasks = (TASKS[0], TaskSpec(TASKS[1].name, (*TASKS[1].labels, "none of these")))
    second = Trainer(tmp_path / "first" / "best", tasks, QUICK, tmp_path / "second", RunLog(said))
    first, now = _weights(tmp_path / "first"), second.network.state_dict()
    kept = [name for name in first if name.startswith(("encoder.", f"heads.{TASKS[0].name}."))]
    assert all(torch.equal(first[name], now[name]) for name in kept)
    assert now[f"heads.{TASKS[1].name}.weight"].shape[0] == len(tasks[1].labels)
    assert f"heads kept: {TASKS[0].name}\n" in said.getvalue()
    best, _ = _fit(tmp_path / "first" / "best", tmp_path / "third", QUICK.model_copy(update={"epochs": 1, "learning_rate": 1e-6}))
    assert best["tasks"][TASKS[0].name]["accuracy"] > 0.9  # type: ignore[index]
    assert json.loads((tmp_path / "third" / "best" / "metrics.json").read_text())["base"] == f"checkpoint tiny, from {tiny_base.name}"


def test_a_share_of_the_base_is_mixed_into_what_is_measured_and_kept(tiny_base: Path, tmp_path: Path) -> None:
    _fit(tiny_base, tmp_path / "first", QUICK.model_copy(update={"epochs": 1}))
    config = QUICK.model_copy(update={"epochs": 1, "seed": 6})
    _, whole = _fit(tmp_path / "first" / "best", tmp_path / "whole", config)
    best, mixed = _fit(tmp_path / "first" / "best", tmp_path / "mixed", config.model_copy(update={"base_share": 0.25}))
    assert all(torch.equal(value, mixed.network.state_dict()[key]) for key, value in whole.network.state_dict().items())
    before, own, kept = (_weights(tmp_path / name) for name in ("first", "whole", "mixed"))
    assert all(torch.allclose(kept[key], 0.25 * before[key] + 0.75 * own[key], rtol=2e-3, atol=2e-3) for key in kept)
    assert any(not torch.allclose(own[key], before[key], rtol=2e-3, atol=2e-3) for key in kept)
    mixed.adopt(MultiTaskNetwork.load(tmp_path / "mixed" / "best"))
    found = mixed.evaluate(mixed.encode(rows(80, 2)))["tasks"]
    assert {name: scores["nll"] for name, scores in best["tasks"].items()} == pytest.approx(  # type: ignore[attr-defined]
        {name: scores["nll"] for name, scores in found.items()}, rel=0.01
    )


def test_a_share_of_the_base_needs_a_checkpoint_with_all_heads_the_same_pooling_and_no_adapters(tiny_base: Path, tmp_path: Path) -> None:
    config = QUICK.model_copy(update={"epochs": 1, "base_share": 0.5})
    with pytest.raises(ConfigurationError, match=rf"no head {TASKS[0].name}, {TASKS[1].name} "):
        _fit(tiny_base, tmp_path / "first", config)
    _fit(tiny_base, tmp_path / "first", QUICK.model_copy(update={"epochs": 1}))
    with pytest.raises(ConfigurationError, match='trained with pooling = "mean", not "cls"'):
        _fit(tmp_path / "first" / "best", tmp_path / "second", config.model_copy(update={"pooling": "cls"}))
    with pytest.raises(ConfigurationError, match=r"base_share .* lora"):
        _fit(tmp_path / "first" / "best", tmp_path / "second", config.model_copy(update={"lora": Lora()}))


def test_pretraining_goes_on_from_a_checkpoint_too(tiny_base: Path, tmp_path: Path) -> None:
    _fit(tiny_base, tmp_path / "first", QUICK.model_copy(update={"epochs": 1}))
    config = PretrainConfig(epochs=1, batch_rows=16, max_tokens=16, learning_rate=3e-3, precision="fp32", seed=1)
    found = Pretrainer(tmp_path / "first" / "best", config, tmp_path / "base", QUIET).fit([row.text for row in rows(100, 4)])
    assert found["base"] == f"checkpoint tiny, from {tiny_base.name}"


def test_shipped_is_a_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert base_folder("shipped") == SHIPPED
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "tokenizer.json").write_text("{}")
    assert base_folder("shipped") == Path("shipped")


def test_rewritten_texts_keep_most_of_a_text_and_repeat_with_the_seed(tiny_base: Path, tmp_path: Path) -> None:
    texts = [row.text for row in rows(300, 4)]
    config = PretrainConfig(epochs=2, batch_rows=16, max_tokens=16, learning_rate=3e-3, precision="fp32", seed=1)
    Pretrainer(tiny_base, config, tmp_path / "base", QUIET).fit(texts)
    one, again, other = (list(Rewriter(tmp_path / "base", 16, seed).rewrite(texts, 2, QUIET)) for seed in (1, 1, 2))
    assert one == again != other
    assert len(one) == 2 * len(texts)
    known = {word for text in texts for word in text.lower().split()}
    kept = [word in known for text in one for word in text.split()]
    assert sum(kept) / len(kept) > 0.5
    assert len(set(one) - {text.lower() for text in texts}) > 0.8 * len(one)


def test_rewriting_needs_an_encoder_that_learned_to_guess(tiny_base: Path) -> None:
    with pytest.raises(ConfigurationError, match="squall model pretrain"):
        Rewriter(tiny_base, 16, 1)


def test_too_few_texts_and_wrong_settings_are_errors(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="3 texts are too few"):
        Pretrainer(tiny_base, PretrainConfig(), tmp_path, QUIET).fit(["a", "b", "c"])
    path = tmp_path / "p.toml"
    path.write_text("[pretrain]\nmask_share = 2\n")
    with pytest.raises(ConfigurationError, match="mask_share"):
        load_pretrain_config(path, {})


def test_a_corpus_has_each_text_once_and_none_that_is_held_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "Oil rises on supply fears today\nUPDATE 1-Oil rises on supply fears today!\nshort\nGold falls as the dollar gains\n"
    )
    (tmp_path / "b.jsonl").write_text('{"body": "Fed keeps its rates where they are"}\n')
    assert len(read_texts([tmp_path / "a.txt"], "text")) == 2
    assert read_texts([tmp_path / "b.jsonl"], "body") == ["Fed keeps its rates where they are"]
    assert read_texts([tmp_path / "a.txt"], "text", without={"gold falls as the dollar gains"}) == ["Oil rises on supply fears today"]
    with pytest.raises(ConfigurationError, match="no column text"):
        read_texts([tmp_path / "b.jsonl"], "text")
    with pytest.raises(ConfigurationError, match=r"nothing\.txt does not exist"):
        read_texts([tmp_path / "nothing.txt"], "text")
