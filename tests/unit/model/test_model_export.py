"""A checkpoint as ONNX scores as the checkpoint does."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.core.config.settings import ModelSettings
from squall.core.errors import ConfigurationError, SquallError
from squall.model.case import Case
from squall.model.checkpoint import Checkpoint
from squall.model.export import onnx as export
from squall.model.export.onnx import Agreement, export_onnx
from squall.model.network import MultiTaskNetwork
from squall.model.serving.backends.base import UnsupportedError
from squall.model.serving.backends.torch_backend import open_eager
from squall.model.tasks import DEFAULT_TASKS, MENTION_SENTIMENT, TaskSpec

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript", reason="the extra export is not installed")

from squall.model.export.onnx_int8 import quantised  # noqa: E402
from squall.model.serving.backends.onnx.exported import ExportedBackend, open_files  # noqa: E402 - needs the extra only when used

VOCABULARY = 80
TASKS = (*DEFAULT_TASKS, TaskSpec("entity", ("O", "B", "I"), "tokens"), MENTION_SENTIMENT)
TEXTS = ["gold falls", "oil rises on a strong day", "the fed cuts rates and bank shares rise on a quiet day " * 3, "a"] * 8
IDS = st.builds(lambda word, case: word + VOCABULARY * case, st.integers(4, 60), st.sampled_from(Case))
ROWS = st.lists(st.lists(IDS, min_size=1, max_size=30), min_size=1, max_size=12)
MANY = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


pytestmark = pytest.mark.slow  # each export takes seconds


@pytest.fixture(scope="module")
def checkpoint(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny network with heads of every kind and the case of words, whose logits are far apart, as a trained one's are."""
    torch.manual_seed(11)
    network = MultiTaskNetwork.from_base(tiny_base, TASKS, name="tiny", pooling="attention", case=True)
    assert network.case is not None
    assert network.config.case_vocabulary == VOCABULARY
    with torch.no_grad():
        network.case.weight.normal_()
        for head in network.heads.values():
            head.weight.mul_(40)
    folder = tmp_path_factory.mktemp("checkpoint")
    network.save(folder, (tiny_base / "tokenizer.json").read_text(encoding="utf-8"))
    (folder / "metrics.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def exported(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Agreement]]:
    """The folder and what the comparison found."""
    out = tmp_path_factory.mktemp("onnx") / "out"
    return out, export_onnx(checkpoint, out, TEXTS, lambda line: None)


def _open(folder: Path, precision: str) -> ExportedBackend:
    return open_files(folder, ModelSettings.model_validate({"precision": precision, "device": "cpu", "threads": 1}))


def test_both_files_agree_with_the_checkpoint(exported: tuple[Path, list[Agreement]]) -> None:
    _, (fp32, int8) = exported
    assert (fp32.precision, int8.precision) == ("fp32", "int8")
    assert fp32.largest_difference < 1e-4
    assert fp32.same_labels == 1.0
    assert int8.texts == len(TEXTS)
    assert int8.same_labels > 0.9


def test_the_folder_holds_what_a_runtime_needs(exported: tuple[Path, list[Agreement]]) -> None:
    out, _ = exported
    assert {path.name for path in out.iterdir()} == {"model.onnx", "model.int8.onnx", "config.json", "tokenizer.json", "metrics.json"}
    for name in ("model.onnx", "model.int8.onnx"):
        model = onnx.load(out / name)
        onnx.checker.check_model(model, full_check=True)
        assert [item.name for item in model.graph.input] == ["input_ids", "attention_mask"]
        assert [item.name for item in model.graph.output] == [task.name for task in TASKS]
        assert {node.domain for node in model.graph.node} == {""}  # standard operators: any runtime reads them


@MANY
@given(rows=ROWS)
def test_onnx_gives_torchs_logits_for_rows_of_any_lengths(
    checkpoint: Path, exported: tuple[Path, list[Agreement]], rows: list[list[int]]
) -> None:
    rows.sort(key=len)
    torch_backend = open_eager(Checkpoint.read(checkpoint), ModelSettings(precision="fp32", device="cpu"))
    expected, found = torch_backend.logits(rows), _open(exported[0], "fp32").logits(rows)
    for task in TASKS:
        assert found[task.name].dtype == np.float32
        assert found[task.name].shape == expected[task.name].shape
        real = slice(None) if task.kind == "text" else np.arange(len(rows[-1])) < np.array([[len(row)] for row in rows])
        np.testing.assert_allclose(found[task.name][real], expected[task.name][real], atol=1e-4)


@MANY
@given(rows=ROWS)
@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_a_rows_logits_do_not_depend_on_its_company(exported: tuple[Path, list[Agreement]], rows: list[list[int]], precision: str) -> None:
    rows.sort(key=len)
    backend = _open(exported[0], precision)
    together = backend.logits(rows)
    for position, row in enumerate(rows):
        alone = backend.logits([row])
        for task in TASKS:
            found = together[task.name][position]
            np.testing.assert_allclose(found if task.kind == "text" else found[: len(row)], alone[task.name][0], atol=2e-4)


def test_int8_holds_its_products_in_bytes_and_its_tables_in_halves(exported: tuple[Path, list[Agreement]]) -> None:
    model = onnx.load(exported[0] / "model.int8.onnx")
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("MatMulInteger") == 2 * 6  # layers × (query, key, value, output, feed-forward in and out); not heads
    large = [item for item in model.graph.initializer if len(item.dims) == 2 and min(item.dims) >= 32]
    assert {item.data_type for item in large} <= {onnx.TensorProto.INT8, onnx.TensorProto.FLOAT16}


def test_quantising_leaves_the_given_model_alone(exported: tuple[Path, list[Agreement]]) -> None:
    model = onnx.load(exported[0] / "model.onnx")
    before = model.SerializeToString(deterministic=True)
    assert quantised(model).SerializeToString(deterministic=True) == quantised(model).SerializeToString(deterministic=True)
    assert model.SerializeToString(deterministic=True) == before


def test_an_export_that_scores_otherwise_fails(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    traced = export._traced

    def spoilt(network: MultiTaskNetwork) -> object:
        with torch.no_grad():
            network.heads["topic"].bias[3] += 500
        model = traced(network)
        with torch.no_grad():
            network.heads["topic"].bias[3] -= 500
        return model

    monkeypatch.setattr(export, "_traced", spoilt)
    with pytest.raises(SquallError, match="does not score as the checkpoint does"):
        export_onnx(checkpoint, tmp_path / "out", TEXTS, lambda line: None)


def test_export_without_texts_or_without_a_checkpoint_is_a_clear_error(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no texts"):
        export_onnx(checkpoint, tmp_path / "out", [], lambda line: None)
    with pytest.raises(ConfigurationError, match="is not a model folder"):
        export_onnx(tmp_path, tmp_path / "out", TEXTS, lambda line: None)


def test_a_missing_package_is_named_before_any_work(checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)  # what Python does for a module that can't be imported
    with pytest.raises(ConfigurationError, match=r"export needs onnxscript, .*squall\[export\]"):
        export_onnx(checkpoint, tmp_path / "out", TEXTS, lambda line: None)
    assert not (tmp_path / "out").exists()


def test_a_backend_that_cannot_be_had_says_why(exported: tuple[Path, list[Agreement]], tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="no bf16"):
        _open(exported[0], "bf16")
    with pytest.raises(UnsupportedError, match=r"has no model\.onnx.*squall model export"):
        _open(tmp_path, "fp32")
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(ConfigurationError, match="can't be read"):
        _open(tmp_path, "fp32")


def test_a_backend_counts_what_it_pads_to(exported: tuple[Path, list[Agreement]]) -> None:
    backend = _open(exported[0], "fp32")
    assert (backend.name, backend.device) == ("onnx-fp32", "cpu")
    assert backend.padded_tokens([1, 8, 9]) == 8 + 8 + 16
