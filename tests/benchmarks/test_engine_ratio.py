"""The engine against what a user would write without it: the benchmark's own candidates, fewer and shorter, in one run."""

from __future__ import annotations

import time
from itertools import islice

import pytest
import torch

from squall.cli.model.sample_texts import sample_texts
from squall.core.config.settings import ModelSettings
from squall.model.bench.benchmark import Plan, run_bench
from squall.model.hardware import has_bf16, has_vnni


@pytest.mark.slow
@pytest.mark.skipif(not (has_bf16(torch.device("cpu")) and has_vnni()), reason="the ratios are those of a CPU with bf16 and VNNI")
def test_the_engine_beats_two_pipelines_many_times_over() -> None:
    texts = list(islice(sample_texts(None), 1000))
    # the rate of a CPU changes from second to second by a third: several short turns, of which the medians are compared
    plan = Plan(rounds=3, seconds=0.5, batches=(1, 8), backends={"eager": ("bf16",), "ragged": ("bf16", "int8")}, calls={1: 5})
    settings = ModelSettings(device="cpu", threads=1)
    found = run_bench(settings, texts, plan, time.process_time)  # processor seconds of one thread: other people's load doesn't count
    rows = {row["name"]: row for row in found["contestants"]}
    print({name: (round(row["times_base_pipelines"], 1), round(row["times_small_pipelines"], 1)) for name, row in rows.items()})
    # half of what docs/performance.md promises
    assert rows["ragged-int8"]["times_base_pipelines"] > 40
    assert rows["ragged-int8"]["times_small_pipelines"] > 6
    assert max(rows["ragged-bf16"]["rounds"]) > max(rows["eager-bf16"]["rounds"])  # the best turn is the one least disturbed
