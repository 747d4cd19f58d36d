"""The ways to run the network: each gives the network's own logits, and says what it can't do."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.core.errors import ConfigurationError
from squall.model.checkpoint import Checkpoint
from squall.model.network import MultiTaskNetwork, pad
from squall.model.serving.backends.base import Backend, Padding, UnsupportedError, same_width, width_of
from squall.model.serving.backends.cuda_graphs import bucket
from squall.model.serving.backends.selection import BACKENDS, open_backend
from squall.model.serving.engine import ScoringEngine
from squall.model.tasks import DEFAULT_TASKS
from squall.model.tokenizer import padded
from tests.support.engines import ENTITY, save_checkpoint, tiny_settings

pytestmark = pytest.mark.slow

ROWS = [[2, 3], [2, 9, 11, 3], [2, *range(4, 10), 3], [2, *range(4, 12), 3], [2, *range(4, 25), 3]]
ID_ROWS = st.lists(st.lists(st.integers(0, 70), min_size=1, max_size=40), min_size=1, max_size=12).map(lambda rows: sorted(rows, key=len))


@pytest.fixture(scope="module")
def checkpoint(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("checkpoint"), tiny_base, tasks=(*DEFAULT_TASKS, ENTITY))


@pytest.fixture(scope="module", params=["fp32", "bf16", "int8"])
def eager(request: pytest.FixtureRequest, checkpoint: Path) -> Backend:
    return opened(checkpoint, "eager", precision=request.param)


def opened(folder: Path, kind: str, **changes: object) -> Backend:
    return open_backend(kind, Checkpoint.read(folder), tiny_settings(folder, **changes))


def own_logits(folder: Path, row: Sequence[int]) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    with torch.inference_mode():
        return {task: values.numpy() for task, values in MultiTaskNetwork.load(folder)(*pad([row])).items()}


@pytest.mark.parametrize(("precision", "close"), [("fp32", 1e-4), ("bf16", 0.3), ("int8", 0.5)])
def test_eager_gives_the_networks_own_logits(checkpoint: Path, precision: str, close: float) -> None:
    backend = opened(checkpoint, "eager", precision=precision)
    assert (backend.name, backend.device) == (f"torch-{precision}", "cpu")
    found = backend.logits(ROWS)
    for i, row in enumerate(ROWS):
        expected = own_logits(checkpoint, row)
        np.testing.assert_allclose(found["topic"][i], expected["topic"][0], atol=close)
        np.testing.assert_allclose(found["entity"][i, : len(row)], expected["entity"][0], atol=close)
    assert all(values.dtype == np.float32 for values in found.values())
    assert found["entity"].shape == (len(ROWS), 23, 3)


@settings(max_examples=25)
@given(ID_ROWS)
def test_a_rows_logits_do_not_depend_on_the_rows_beside_it(eager: Backend, rows: list[list[int]]) -> None:
    together = eager.logits(rows)
    for i, row in enumerate(rows):
        alone = eager.logits([row])
        np.testing.assert_allclose(alone["sentiment"][0], together["sentiment"][i], atol=1e-5)
        np.testing.assert_allclose(alone["entity"][0, : len(row)], together["entity"][i, : len(row)], atol=1e-5)


@given(ID_ROWS)
def test_padding_keeps_every_id_and_masks_the_rest(rows: list[list[int]]) -> None:
    width = width_of(len(rows[-1]))
    ids, mask = padded(rows, width, pad_id=0)
    assert ids.shape == mask.shape == (len(rows), width)
    assert mask.sum(1).tolist() == [len(row) for row in rows]
    assert [ids[i, : len(row)].tolist() for i, row in enumerate(rows)] == rows
    assert not ids[mask == 0].any()


@given(ID_ROWS)
def test_neighbours_of_one_width_run_together_and_padding_is_within_a_step(rows: list[list[int]]) -> None:
    runs = list(same_width(rows))
    assert [(start, stop) for start, stop, _ in runs] == list(
        zip([0, *(stop for _, stop, _ in runs)][:-1], [stop for _, stop, _ in runs], strict=True)
    )
    assert runs[-1][1] == len(rows)
    for start, stop, width in runs:
        assert all(width - 8 < len(row) <= width for row in rows[start:stop])
    assert len({width for *_, width in runs}) == len(runs)


def test_the_padded_tokens_are_counted(eager: Backend) -> None:
    assert isinstance(eager, Padding)
    assert eager.padded_tokens([1, 8, 9, 16]) == 8 + 8 + 16 + 16


@pytest.mark.parametrize(("rows", "size"), [(1, 1), (2, 2), (3, 4), (64, 64), (65, 128)])
def test_graphs_take_the_next_power_of_two_rows(rows: int, size: int) -> None:
    assert bucket(rows) == size


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiled_gives_the_networks_own_logits(checkpoint: Path) -> None:
    backend = opened(checkpoint, "compile")
    assert backend.name == "torch-compile-fp32"
    found = backend.logits(ROWS)
    for i, row in enumerate(ROWS):
        np.testing.assert_allclose(found["topic"][i], own_logits(checkpoint, row)["topic"][0], atol=1e-3)


def test_a_backend_reports_what_it_cannot_do(checkpoint: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"'warp' is not a backend.*allowed are auto, onnx, eager"):
        opened(checkpoint, "warp")
    with pytest.raises(UnsupportedError, match="needs a GPU"):
        opened(checkpoint, "cuda_graphs")
    with pytest.raises(UnsupportedError, match="no int8"):
        opened(checkpoint, "compile", precision="int8")


def test_auto_takes_the_next_backend_when_one_does_not_support_the_checkpoint(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_: object) -> Backend:
        raise UnsupportedError("not this network")

    def lacks_a_package(*_: object) -> Backend:
        raise ImportError("No module named 'fast'")

    for factory in (refuses, lacks_a_package):
        monkeypatch.setitem(BACKENDS, "onnx", factory)
        assert opened(checkpoint, "auto").name == "torch-fp32"
    with pytest.raises(UnsupportedError, match="needs a package: No module named 'fast'"):
        opened(checkpoint, "onnx")


def test_the_version_distinguishes_backends(checkpoint: Path) -> None:
    names = set()
    for precision in ("fp32", "bf16"):
        with ScoringEngine.open(tiny_settings(checkpoint, precision=precision)) as engine:
            names.add(engine.model_version)
            assert (engine.backend, engine.precision, engine.device) == (f"torch-{precision}", precision, "cpu")
    assert len(names) == 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_cuda_graphs_give_the_networks_own_logits_whatever_ran_before(checkpoint: Path, precision: str) -> None:
    backend = opened(checkpoint, "cuda_graphs", device="cuda", precision=precision)
    assert backend.name == f"cuda-graphs-{precision}"
    for rows in (ROWS * 3, ROWS, ROWS[:1], ROWS[1:]):  # graphs are filled, then replayed with fewer and shorter rows
        ordered = sorted(rows, key=len)
        found = backend.logits(ordered)
        for i, row in enumerate(ordered):
            np.testing.assert_allclose(
                found["topic"][i], own_logits(checkpoint, row)["topic"][0], atol=1e-2 if precision == "fp32" else 0.3
            )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_on_a_gpu_auto_takes_graphs_and_the_cpu_stands_behind(checkpoint: Path) -> None:
    with ScoringEngine.open(tiny_settings(checkpoint, device="cuda", backend="auto", batch_tokens=0)) as engine:
        assert engine.backend == "cuda-graphs-fp32"
        on_gpu = engine.read(["gold rise", "oil fall the day"])
        engine._model.execution.backend = engine._model.execution._replacement()  # type: ignore[misc]
        np.testing.assert_allclose(engine.read(["gold rise", "oil fall the day"]).topic, on_gpu.topic, atol=1e-2)
