"""Texts laid end to end score as the network itself scores each of them alone."""

from __future__ import annotations

import threading
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

from squall.model.hardware import has_bf16, has_vnni
from squall.model.network import MultiTaskNetwork
from squall.model.serving.backends.base import Backend, UnsupportedError
from squall.model.serving.backends.ragged.backend import single_threaded
from squall.model.serving.backends.ragged.encoder import Layout, Weights, computed_tokens
from squall.model.serving.backends.ragged.int8_calibration import split_outliers
from squall.model.serving.backends.selection import open_backend
from squall.model.tasks import DEFAULT_TASKS
from squall.model.tokenizer import pad
from tests.support.engines import ENTITY, save_checkpoint, tiny_settings

NEEDS_BF16 = pytest.mark.skipif(not has_bf16(torch.device("cpu")), reason="this CPU has no bf16")
NEEDS_VNNI = pytest.mark.skipif(not has_vnni(), reason="this CPU has no VNNI")
PRECISIONS = [pytest.param("fp32"), pytest.param("bf16", marks=NEEDS_BF16), pytest.param("int8", marks=NEEDS_VNNI)]
TOLERANCE = {"fp32": 1e-4, "bf16": 0.1, "int8": 0.3}
ID_ROWS = st.lists(st.lists(st.integers(0, 70), min_size=1, max_size=60), min_size=1, max_size=16).map(lambda rows: sorted(rows, key=len))


@pytest.fixture(scope="module")
def checkpoint(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("ragged"), tiny_base, tasks=(*DEFAULT_TASKS, ENTITY))


@pytest.fixture(scope="module", params=PRECISIONS)
def ragged(request: pytest.FixtureRequest, checkpoint: Path) -> Backend:
    return opened(checkpoint, precision=request.param, threads=2)


def opened(folder: Path, **changes: object) -> Backend:
    return open_backend("ragged", MultiTaskNetwork.load(folder), folder, tiny_settings(folder, **changes))


def alone(network: MultiTaskNetwork, row: Sequence[int]) -> dict[str, NDArray[np.float32]]:
    with torch.inference_mode():
        return {task: values.numpy() for task, values in network(*pad([row])).items()}


def softmax(values: NDArray[np.float32]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = torch.from_numpy(values).softmax(-1).numpy()
    return found


@settings(max_examples=25, deadline=None)
@given(rows=ID_ROWS)
def test_logits_are_the_networks_own(ragged: Backend, checkpoint: Path, rows: list[list[int]]) -> None:
    network = MultiTaskNetwork.load(checkpoint)
    close = TOLERANCE[ragged.name.removeprefix("ragged-")]
    found = ragged.logits(rows)
    assert found["entity"].shape == (len(rows), max(map(len, rows)), 3)
    for position, row in enumerate(rows):
        expected = alone(network, row)
        np.testing.assert_allclose(found["topic"][position], expected["topic"][0], atol=close)
        np.testing.assert_allclose(found["entity"][position, : len(row)], expected["entity"][0], atol=close)


@settings(max_examples=25, deadline=None)
@given(rows=ID_ROWS)
def test_a_row_scores_the_same_in_any_company(ragged: Backend, rows: list[list[int]]) -> None:
    together = softmax(ragged.logits(rows)["topic"])
    for position, row in enumerate(rows):
        np.testing.assert_allclose(together[position], softmax(ragged.logits([row])["topic"])[0], atol=1e-5)


@pytest.mark.parametrize("pooling", ["cls", "attention"])
def test_every_pooling_is_supported(tiny_base: Path, tmp_path: Path, pooling: str) -> None:
    network = MultiTaskNetwork.from_base(tiny_base, DEFAULT_TASKS, name="tiny", pooling=pooling).eval()
    network.save(tmp_path, (tiny_base / "tokenizer.json").read_text(encoding="utf-8"))
    rows = [[2, 7, 3], [2, 9, 11, 3]]
    found = opened(tmp_path, precision="fp32").logits(rows)["topic"]
    np.testing.assert_allclose(found, np.concatenate([alone(MultiTaskNetwork.load(tmp_path), row)["topic"] for row in rows]), atol=1e-4)


def test_other_encoders_are_refused_by_name(checkpoint: Path) -> None:
    network = MultiTaskNetwork.load(checkpoint)
    network.config = replace(network.config, encoder={**network.config.encoder, "hidden_act": "relu"})
    with pytest.raises(UnsupportedError, match="hidden_act relu"):
        open_backend("ragged", network, checkpoint, tiny_settings(checkpoint, precision="fp32"))


@given(lengths=st.lists(st.integers(1, 512), min_size=1, max_size=200))
def test_a_layout_holds_every_token_once_and_little_else(lengths: list[int]) -> None:
    rows = [[position + 1] * length for position, length in enumerate(sorted(lengths))]
    layout = Layout.of(rows)
    assert layout.ids[: layout.real].tolist() == [token for row in rows for token in row]
    assert layout.positions[: layout.real].tolist() == [place for row in rows for place in range(len(row))]
    assert len(layout.ids) == computed_tokens(sum(lengths)) <= max(sum(lengths) + 7, sum(lengths) * 1.04)


@given(st.integers(1, 1 << 16))
def test_few_sizes_are_ever_computed(tokens: int) -> None:
    found = computed_tokens(tokens)
    assert found >= tokens
    assert computed_tokens(found) == found
    assert found % 8 == 0


def test_split_units_give_the_same_sums_without_passing_the_ceiling() -> None:
    generator = torch.Generator().manual_seed(5)
    wider = Weights(torch.randn(40, 8, generator=generator) * 0.3, torch.zeros(40))
    wider.weight[3] *= 12
    narrower = Weights(torch.randn(8, 40, generator=generator), torch.zeros(8))
    inputs = torch.randn(500, 8, generator=generator)
    inner = gelu(inputs @ wider.weight.T + wider.bias)
    more, less, ceiling = split_outliers(wider, narrower, inner.amax(0))
    cut = gelu(inputs @ more.weight.T + more.bias).clamp(max=ceiling)
    assert float(inner.max()) > 2 * ceiling
    assert len(more.weight) == 40 + 64
    error = (cut @ less.weight.T - inner @ narrower.weight.T).abs().max()
    assert float(error) < 0.2 * float(narrower.weight.abs().max()) * 2  # gelu's dip, 0.17, where the copy takes up


def test_worker_threads_run_on_one_core_and_leave_the_others_their_number() -> None:
    before = torch.get_num_threads()
    with single_threaded(2) as pool:
        assert list(pool.map(lambda _: torch.get_num_threads(), range(4))) == [1] * 4
        assert torch.get_num_threads() == before
        later: list[int] = []
        thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        assert later == [before]
