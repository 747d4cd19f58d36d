"""The network and the folder it is kept in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from squall.core.errors import ConfigurationError
from squall.model.case import Case
from squall.model.checkpoint import FORMAT, NetworkConfig
from squall.model.network import MultiTaskNetwork
from squall.model.pooling import POOLINGS
from squall.model.tasks import TaskSpec
from tests.support.labelled import MENTION, TASKS


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
        config.write_text(config.read_text().replace(f'"format": {FORMAT}', '"format": 99'))
    else:
        (tmp_path / "model.safetensors").write_bytes(b"short")
    with pytest.raises(ConfigurationError):
        MultiTaskNetwork.load(tmp_path)


def test_a_folder_that_is_no_encoder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not a readable encoder"):
        MultiTaskNetwork.from_base(tmp_path, TASKS, name="x")


@pytest.mark.parametrize("pooling", sorted(POOLINGS))
def test_every_pooling_ignores_padding_and_comes_back_from_its_folder(tiny_base: Path, tmp_path: Path, pooling: str) -> None:
    network = MultiTaskNetwork.from_base(tiny_base, TASKS, name="tiny-1", pooling=pooling).eval()
    short = network(torch.tensor([[2, 6, 3]]), torch.tensor([[1, 1, 1]]))
    long = network(torch.tensor([[2, 6, 3, 9, 9]]), torch.tensor([[1, 1, 1, 0, 0]]))
    torch.testing.assert_close(short["mood"], long["mood"], atol=1e-5, rtol=0)
    network.save(tmp_path, (tiny_base / "tokenizer.json").read_text())
    again = MultiTaskNetwork.load(tmp_path)(torch.tensor([[2, 6, 3]]), torch.tensor([[1, 1, 1]]))
    torch.testing.assert_close(again["mood"], short["mood"], atol=5e-3, rtol=0)


@pytest.mark.parametrize("pooling", sorted(POOLINGS))
def test_every_pooling_works_in_mixed_precision_with_padding(tiny_base: Path, pooling: str) -> None:
    network = MultiTaskNetwork.from_base(tiny_base, TASKS, name="tiny-1", pooling=pooling).eval()
    ids, mask = torch.tensor([[2, 6, 7, 3], [2, 6, 3, 0]]), torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    with torch.autocast("cpu", torch.bfloat16):
        mixed = network(ids, mask)
    torch.testing.assert_close(mixed["mood"].float(), network(ids, mask)["mood"], atol=0.05, rtol=0)


def test_a_tokens_task_answers_for_every_token(tiny_base: Path) -> None:
    network = MultiTaskNetwork.from_base(tiny_base, (*TASKS, MENTION), name="tiny-1").eval()
    found = network(torch.tensor([[2, 6, 7, 3]]), torch.tensor([[1, 1, 1, 1]]))
    assert {name: tuple(values.shape) for name, values in found.items()} == {"mood": (1, 2), "subject": (1, 3), "mention": (1, 4, 3)}


@pytest.mark.parametrize(
    ("kind", "labels", "said"),
    [("tokens", ("B", "I"), "O first"), ("tokens", ("O", "B-X", "I-Y"), "pairs of B"), ("words", ("a", "b"), "kind")],
)
def test_a_task_that_makes_no_head_says_what_is_allowed(kind: str, labels: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        TaskSpec("x", labels, kind)  # type: ignore[arg-type]
    assert said in str(caught.value)


def test_a_checkpoint_of_the_first_format_is_read_as_it_was(tiny_base: Path, tmp_path: Path) -> None:
    MultiTaskNetwork.from_base(tiny_base, TASKS, name="tiny-1").save(tmp_path, "{}")
    config = json.loads((tmp_path / "config.json").read_text())
    del config["case"]
    for task in config["tasks"]:
        del task["output"]
    (tmp_path / "config.json").write_text(json.dumps(config | {"format": 1}))
    network = MultiTaskNetwork.load(tmp_path)
    assert network.config.tasks == TASKS
    assert network.case is None


def test_tokens_without_a_case_are_read_as_by_a_network_that_knows_none(tiny_base: Path) -> None:
    torch.manual_seed(2)
    plain = MultiTaskNetwork.from_base(tiny_base, TASKS, name="tiny-1").eval()
    cased = MultiTaskNetwork.from_base(tiny_base, TASKS, name="tiny-1", case=True).eval()
    cased.take_heads(plain)
    ids, mask = torch.tensor([[2, 6, 3]]), torch.tensor([[1, 1, 1]])
    vocabulary = cased.config.case_vocabulary
    assert vocabulary is not None
    torch.testing.assert_close(cased(ids, mask), plain(ids, mask))
    title = torch.tensor([[2, 6 + vocabulary * Case.TITLE, 3]])
    torch.testing.assert_close(cased(title, mask), plain(ids, mask))  # a case that was never learnt says nothing
    assert cased.case is not None
    torch.nn.init.normal_(cased.case.weight)
    assert not torch.allclose(cased(title, mask)["mood"], cased(ids, mask)["mood"])
