"""The graph that is made from a checkpoint scores each text as the network itself scores it alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn.functional import gelu

from squall.core.errors import ConfigurationError
from squall.model.checkpoint import Checkpoint
from squall.model.hardware import has_vnni
from squall.model.network import MultiTaskNetwork, pad
from squall.model.serving.backends.base import Backend, UnsupportedError
from squall.model.serving.backends.onnx.groups import _PASS_TOKENS as PASS_TOKENS
from squall.model.serving.backends.onnx.groups import groups_of
from squall.model.serving.backends.onnx.int8 import Range, Ranges, quantised, split_outliers
from squall.model.serving.backends.onnx.layers import Affine, Layer
from squall.model.serving.backends.selection import open_backend
from squall.model.serving.failure_recovery import FailureKind, classify_failure
from squall.model.tasks import DEFAULT_TASKS
from tests.support.engines import ENTITY, save_checkpoint, tiny_settings

NEEDS_VNNI = pytest.mark.skipif(not has_vnni(), reason="this CPU has no VNNI")
PRECISIONS = [pytest.param("fp32"), pytest.param("int8", marks=NEEDS_VNNI)]
TOLERANCE = {"fp32": 1e-4, "int8": 0.3}
ID_ROWS = st.lists(st.lists(st.integers(0, 70), min_size=1, max_size=60), min_size=1, max_size=16).map(lambda rows: sorted(rows, key=len))


@pytest.fixture(scope="module")
def checkpoint(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("onnx"), tiny_base, tasks=(*DEFAULT_TASKS, ENTITY))


@pytest.fixture(scope="module", params=PRECISIONS)
def onnx(request: pytest.FixtureRequest, checkpoint: Path) -> Backend:
    return opened(checkpoint, precision=request.param, threads=2)


def opened(folder: Path, **changes: object) -> Backend:
    return open_backend("onnx", Checkpoint.read(folder), tiny_settings(folder, **changes))


def alone(network: MultiTaskNetwork, row: Sequence[int]) -> dict[str, NDArray[np.float32]]:
    with torch.inference_mode():
        return {task: values.numpy() for task, values in network(*pad([row])).items()}


def softmax(values: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = torch.from_numpy(values).softmax(-1).numpy()
    return found


@settings(max_examples=25, deadline=None)
@given(rows=ID_ROWS)
def test_logits_are_the_networks_own(onnx: Backend, checkpoint: Path, rows: list[list[int]]) -> None:
    network = MultiTaskNetwork.load(checkpoint)
    close = TOLERANCE[onnx.name.removeprefix("onnx-")]
    found = onnx.logits(rows)
    assert found["entity"].shape == (len(rows), max(map(len, rows)), 3)
    for position, row in enumerate(rows):
        expected = alone(network, row)
        np.testing.assert_allclose(found["topic"][position], expected["topic"][0], atol=close)
        np.testing.assert_allclose(found["entity"][position, : len(row)], expected["entity"][0], atol=close)


@settings(max_examples=25, deadline=None)
@given(rows=ID_ROWS)
def test_a_row_scores_the_same_in_any_company(onnx: Backend, rows: list[list[int]]) -> None:
    together = softmax(onnx.logits(rows)["topic"])
    for position, row in enumerate(rows):
        np.testing.assert_allclose(together[position], softmax(onnx.logits([row])["topic"])[0], atol=1e-5)


@pytest.mark.parametrize("pooling", ["cls", "attention"])
def test_every_pooling_is_supported(tiny_base: Path, tmp_path: Path, pooling: str) -> None:
    network = MultiTaskNetwork.from_base(tiny_base, DEFAULT_TASKS, name="tiny", pooling=pooling).eval()
    network.save(tmp_path, (tiny_base / "tokenizer.json").read_text(encoding="utf-8"))
    rows = [[2, 7, 3], [2, 9, 11, 3]]
    found = opened(tmp_path, precision="fp32").logits(rows)["topic"]
    np.testing.assert_allclose(found, np.concatenate([alone(MultiTaskNetwork.load(tmp_path), row)["topic"] for row in rows]), atol=1e-4)


def test_other_encoders_are_refused_by_name(checkpoint: Path) -> None:
    stored = Checkpoint.read(checkpoint)
    other = replace(stored, config=replace(stored.config, encoder={**stored.config.encoder, "hidden_act": "relu"}))
    with pytest.raises(UnsupportedError, match="hidden_act relu"):
        open_backend("onnx", other, tiny_settings(checkpoint, precision="fp32"))


@given(lengths=st.lists(st.integers(1, 512), min_size=1, max_size=200))
def test_the_passes_hold_every_row_once_and_pad_less_than_they_save(lengths: list[int]) -> None:
    lengths.sort()
    groups = groups_of(lengths)
    assert [row for group in groups for row in range(group.start, group.stop)] == list(range(len(lengths)))
    assert all(lengths[group.stop - 1] == group.width for group in groups)
    padding = sum(group.width - length for group in groups for length in lengths[group.start : group.stop])
    assert padding <= (len(set(lengths)) - len(groups)) * PASS_TOKENS  # else a pass for each length would be cheaper


def test_few_short_rows_share_a_pass_and_many_rows_of_a_length_have_their_own() -> None:
    assert [group.width for group in groups_of([5, 6, 7, 8])] == [8]
    assert [group.width for group in groups_of([5] * 40 + [25] * 40)] == [5, 25]


def test_split_units_give_the_same_sums_without_passing_the_ceiling() -> None:
    generator = np.random.default_rng(5)
    wider = Affine(generator.normal(size=(40, 8)).astype(np.float32) * np.float32(0.3), np.zeros(40, np.float32))
    wider.weight[3] *= 12
    narrower = Affine(generator.normal(size=(8, 40)).astype(np.float32), np.zeros(8, np.float32))
    inputs = generator.normal(size=(500, 8)).astype(np.float32)
    inner = _gelu(inputs @ wider.weight.T + wider.bias)
    more, less, ceiling = split_outliers(wider, narrower, inner.max(0))
    cut = _gelu(inputs @ more.weight.T + more.bias).clip(max=ceiling)
    assert inner.max() > 2 * ceiling
    assert len(more.weight) == 40 + 64
    error = np.abs(cut @ less.weight.T - inner @ narrower.weight.T).max()
    assert error < 0.2 * np.abs(narrower.weight).max() * 2  # gelu's dip, 0.17, where the copy takes up


def _gelu(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return gelu(torch.from_numpy(values)).numpy()


def test_int8_sums_are_those_of_the_layer_within_a_step() -> None:
    generator = np.random.default_rng(6)
    inputs = generator.normal(size=(200, 32)).astype(np.float32) * np.logspace(-1, 1, 32, dtype=np.float32)
    part = Affine(generator.normal(size=(16, 32)).astype(np.float32), generator.normal(size=16).astype(np.float32))
    layer = Layer(part, part, part, part, Affine(part.weight[:, :16], part.bias), part)
    ranges = Range(inputs.min(0), inputs.max(0))
    found = quantised(layer, Ranges(ranges, ranges, ranges, Range(ranges.low[:16], ranges.high[:16]))).attend
    assert found.inverse is not None
    taken = np.clip(np.round(inputs * found.inverse / found.scale) + found.zero, 0, 255) - float(found.zero)
    sums = taken @ found.weight.T.astype(np.float32) * found.scale * found.weight_scale + found.bias
    expected = inputs @ part.weight.T + part.bias
    assert np.abs(sums - expected).mean() < 0.02 * np.abs(expected).mean()


def test_a_pass_that_fails_raises_what_the_engine_and_the_processor_deal_with(onnx: Backend, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="out of data bounds"):
        onnx.logits([[2, 1 << 40, 3]])
    assert classify_failure(RuntimeError("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Failed to allocate memory")) is FailureKind.MEMORY
    assert onnx.logits([[2, 7, 3]])["topic"].shape == (1, len(DEFAULT_TASKS[0].labels))
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("lost", ["encoder.encoder.layer.1.output.dense.weight", "heads.topic.bias"])
def test_a_checkpoint_that_lacks_a_weight_is_refused_by_name(checkpoint: Path, lost: str) -> None:
    whole = Checkpoint.read(checkpoint)
    broken = replace(whole, state={name: values for name, values in whole.state.items() if name != lost})
    with pytest.raises(ConfigurationError, match="can't be loaded"):
        open_backend("onnx", broken, tiny_settings(checkpoint, precision="fp32"))


def test_a_checkpoint_whose_weights_have_another_shape_is_refused(checkpoint: Path) -> None:
    whole = Checkpoint.read(checkpoint)
    name = "encoder.encoder.layer.0.output.dense.weight"
    broken = replace(whole, state={**whole.state, name: whole.state[name][:, :-1]})
    with pytest.raises(ConfigurationError, match="can't be loaded"):
        open_backend("onnx", broken, tiny_settings(checkpoint, precision="fp32"))


def test_bf16_and_a_gpu_are_refused_by_name(checkpoint: Path) -> None:
    with pytest.raises(UnsupportedError, match="does not run bf16"):
        open_backend("onnx", Checkpoint.read(checkpoint), tiny_settings(checkpoint, precision="bf16"))
    with pytest.raises(UnsupportedError, match="does not run a GPU"):
        open_backend("onnx", Checkpoint.read(checkpoint), tiny_settings(checkpoint, precision="fp32", device="cuda"))


def test_int8_is_taken_where_the_processor_multiplies_bytes(tmp_path: Path) -> None:
    for flags, native in (("fpu avx2 avx512_vnni", True), ("fpu avx_vnni", True), ("fpu avx2", False)):
        cpuinfo = tmp_path / flags.replace(" ", "_")
        cpuinfo.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: {flags}\n")
        assert has_vnni(cpuinfo) is native
    assert not has_vnni(tmp_path / "absent")
