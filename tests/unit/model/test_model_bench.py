"""What the benchmark counts, and that it runs whole on a small network."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path

import orjson
import pytest
import torch
import typer
from typer.testing import CliRunner

from squall.cli.model.bench import bench
from squall.core.errors import ConfigurationError
from squall.model.bench.benchmark import Plan, run_bench
from squall.model.bench.roofline import peak_rates, products_per_text
from squall.model.bench.timing import Candidate, fitting_count, latencies, run_rounds, spread
from squall.model.tasks import DEFAULT_TASKS
from tests.support.engines import save_checkpoint, tiny_settings

TEXTS = ["bank shares fall", "oil up", "the fed cut rates on a quiet day", "gold strong"]


class Work:
    """A clock that moves by `cost` seconds for each text scored."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns: list[str] = []

    def candidate(self, name: str, cost: float, least: int = 1) -> Candidate:
        def score(texts: Sequence[str]) -> None:
            self.now += cost * len(texts)
            self.turns.append(name)

        return Candidate(name, "engine", score, least)

    def clock(self) -> float:
        return self.now


def test_candidates_take_turns_and_rates_are_texts_by_seconds() -> None:
    work = Work()
    slow, fast = work.candidate("slow", 0.5), work.candidate("fast", 0.125)
    run_rounds([slow, fast], ["text"] * 100, 3, 10.0, work.clock, lambda _: None)
    assert work.turns[4:] == ["slow", "fast"] * 3  # after two calls each to see how many texts make a turn
    assert (slow.texts_per_second, fast.texts_per_second) == (2.0, 8.0)


def test_a_turn_is_a_multiple_of_the_batch_and_at_least_one() -> None:
    work = Work()
    assert fitting_count(work.candidate("a", 0.125, 32), ["text"] * 1000, 10.0, work.clock) == 64
    assert fitting_count(work.candidate("b", 100.0, 32), ["text"] * 1000, 10.0, work.clock) == 32


def test_a_sample_is_spread_over_all_texts() -> None:
    assert spread(["a", "b", "c", "d"], 2) == ["a", "c"]
    assert spread(["a", "b"], 5) == ["a", "b", "a", "b", "a"]


def test_latency_is_that_of_whole_calls() -> None:
    work = Work()
    found = latencies(work.candidate("a", 0.001).score, TEXTS, 32, 5, work.clock)
    assert found == {"p50_ms": pytest.approx(32.0), "p99_ms": pytest.approx(32.0)}


def test_operations_are_those_of_the_linear_layers_and_of_attention() -> None:
    encoder = {"hidden_size": 2, "intermediate_size": 8, "num_hidden_layers": 3}
    by_hand = 3 * 5 * (2 * (4 * 2 * 2 + 2 * 2 * 8) + 4 * 5 * 2)
    assert products_per_text(encoder, [5]) == by_hand
    assert products_per_text(encoder, [5, 5]) == by_hand


def test_the_peak_is_the_best_of_several_products() -> None:
    ticks = count()
    assert peak_rates(torch.device("cpu"), lambda: float(next(ticks)))["fp32"] == 2 * 2048**3


@pytest.mark.slow
def test_a_whole_run_reports_every_candidate_and_why_others_are_missing(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("squall.model.bench.roofline._SIDES", {"cpu": (64,)})
    folder = save_checkpoint(tmp_path, tiny_base, tasks=DEFAULT_TASKS)
    plan = Plan(rounds=1, seconds=0.0, batches=(1,), backends={"onnx": ("fp32",), "cuda_graphs": ("fp32",)}, calls={1: 2})
    ticks = count()
    found = run_bench(tiny_settings(folder, device="cpu"), TEXTS, plan, lambda: float(next(ticks)))
    assert orjson.loads(orjson.dumps(found)) == found
    rows = {row["name"]: row for row in found["contestants"]}
    assert set(rows) == {"base pipelines, batch 1", "small pipelines, batch 1", "onnx-fp32"}
    assert (
        rows["onnx-fp32"]["times_base_pipelines"]
        == rows["onnx-fp32"]["texts_per_second"] / rows["base pipelines, batch 1"]["texts_per_second"]
    )
    assert set(rows["onnx-fp32"]["latency"]["1"]) == {"p50_ms", "p99_ms"}
    assert set(found["skipped"]) == {"cuda_graphs-fp32"}
    assert found["best"]["engine"] == "onnx-fp32"


def test_no_text_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no text"):
        run_bench(tiny_settings(tmp_path), [], Plan(), lambda: 0.0)


def test_help_teaches() -> None:
    app = typer.Typer()
    app.command()(bench)
    shown = CliRunner().invoke(app, ["--help"]).output
    assert "pipelines" in shown
    assert "--quick" in shown
