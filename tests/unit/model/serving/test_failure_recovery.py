"""The engine when memory runs out, a device dies or a text breaks the network: what torch really raises, on a real network."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.core.errors import StoppedError, UnavailableError
from squall.model.outputs import Probabilities
from squall.model.serving.backends.base import width_of
from squall.model.serving.engine import ScoringEngine
from squall.model.serving.failure_recovery import FailureKind, classify_failure
from tests.support.engines import Gate, save_checkpoint, tampered_engine, tiny_settings

WORDS = ["gold", "oil", "fed", "bank", "rise", "fall", "quiet", "day"]
TEXTS = [f"{WORDS[i % 8]} {WORDS[i * 3 % 8]} {'the ' * (i % 11)}" for i in range(60)]
PATIENT = 60.0
CUDA_DEAD = "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be asynchronously reported"


@pytest.fixture(scope="module")
def checkpoint(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("checkpoint"), tiny_base)


@pytest.fixture(scope="module")
def expected(checkpoint: Path) -> Probabilities:
    with ScoringEngine.open(tiny_settings(checkpoint)) as engine:
        return engine.read(TEXTS).topic


def small_memory(tokens: int) -> Callable[[Sequence[Sequence[int]]], None]:
    def before(rows: Sequence[Sequence[int]]) -> None:
        if sum(width_of(len(row)) for row in rows) > tokens:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    return before


def dead_after(batches: int, error: Exception) -> Callable[[Sequence[Sequence[int]]], None]:
    left = [batches]

    def before(rows: Sequence[Sequence[int]]) -> None:
        if left[0] <= 0:
            raise error
        left[0] -= 1

    return before


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (torch.cuda.OutOfMemoryError("CUDA out of memory."), FailureKind.MEMORY),
        (RuntimeError("CUDA error: out of memory"), FailureKind.MEMORY),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), FailureKind.MEMORY),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 7 bytes"), FailureKind.MEMORY),
        (MemoryError(), FailureKind.MEMORY),
        (RuntimeError(CUDA_DEAD), FailureKind.DEVICE),
        (torch.AcceleratorError("CUDA error: device-side assert triggered"), FailureKind.DEVICE),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), FailureKind.DEVICE),
        (IndexError("index out of range in self"), FailureKind.OTHER),
        (ValueError("the word cudnn in a text"), FailureKind.OTHER),
    ],
)
def test_errors_are_distinguished(error: Exception, kind: FailureKind) -> None:
    assert classify_failure(error) is kind


@pytest.mark.parametrize("tokens", [16, 40, 128])
def test_a_batch_too_big_for_the_memory_is_halved_and_the_smaller_budget_kept(
    checkpoint: Path, expected: Probabilities, tokens: int
) -> None:
    engine, backend = tampered_engine(tiny_settings(checkpoint), small_memory(tokens))
    with engine:
        np.testing.assert_allclose(engine.read(TEXTS).topic, expected, atol=1e-5)
        stats = engine.stats()
        assert stats.splits > 0
        assert (stats.texts, stats.fallbacks, stats.failures) == (len(TEXTS), 0, 0)
        backend.batches.clear()
        np.testing.assert_allclose(engine.read(TEXTS).topic, expected, atol=1e-5)
        assert max(len(batch) for batch in backend.batches) > 1 or tokens == 16
        if tokens > max(width_of(length) for batch in backend.batches for length in batch):
            assert engine.stats().splits == stats.splits  # it has learned


def test_a_text_too_big_for_the_memory_by_itself_goes_to_the_cpu(
    checkpoint: Path, expected: Probabilities, caplog: pytest.LogCaptureFixture
) -> None:
    engine, _ = tampered_engine(tiny_settings(checkpoint), small_memory(8), cpu_behind=True)
    with engine, caplog.at_level(logging.WARNING, "squall.engine"):
        np.testing.assert_allclose(engine.read(TEXTS).topic, expected, atol=1e-5)
        assert engine.stats().fallbacks == 1
    assert sum("scoring continues with onnx-fp32 on cpu instead of torch-fp32" in record.getMessage() for record in caplog.records) == 1


@pytest.mark.parametrize("error", [RuntimeError(CUDA_DEAD), torch.AcceleratorError(CUDA_DEAD)])
@pytest.mark.parametrize("batches", [0, 2])
def test_no_text_is_lost_when_the_gpu_dies(
    checkpoint: Path, expected: Probabilities, error: Exception, batches: int, caplog: pytest.LogCaptureFixture
) -> None:
    engine, backend = tampered_engine(tiny_settings(checkpoint), dead_after(batches, error), cpu_behind=True)
    with engine, caplog.at_level(logging.WARNING, "squall.engine"):
        np.testing.assert_allclose(engine.read(TEXTS).topic, expected, atol=1e-5)
        np.testing.assert_allclose(engine.read(TEXTS).topic, expected, atol=1e-5)
        assert (engine.stats().fallbacks, engine.stats().texts) == (1, 2 * len(TEXTS))
    assert len(backend.batches) == batches + 1
    assert sum("the device failed" in record.getMessage() for record in caplog.records) == 1


def test_without_a_cpu_behind_it_a_dead_device_is_the_callers_error_and_no_caller_hangs(checkpoint: Path) -> None:
    engine, _ = tampered_engine(tiny_settings(checkpoint), dead_after(0, RuntimeError(CUDA_DEAD)))
    with engine, pytest.raises(RuntimeError, match="illegal memory access"):
        engine.read(TEXTS, timeout=PATIENT)


def test_a_text_that_breaks_the_network_fails_its_own_call_and_no_other(checkpoint: Path) -> None:
    gate = Gate()
    poison = 23  # tokens; no other text is as long

    def before(rows: Sequence[Sequence[int]]) -> None:
        gate(rows)
        if any(len(row) == poison for row in rows):
            raise IndexError("index out of range in self")

    engine, backend = tampered_engine(tiny_settings(checkpoint), before)
    with engine, ThreadPoolExecutor(8) as pool:
        first = pool.submit(engine.read, ["gold"])
        assert gate.reached.wait(PATIENT)
        good = [pool.submit(engine.read, TEXTS[:5]) for _ in range(4)]
        bad = pool.submit(engine.read, ["gold", "the " * (poison - 2)])
        while engine.stats().queued_texts < 22:
            threading.Event().wait(0.001)
        gate.opened.set()
        with pytest.raises(IndexError):
            bad.result(PATIENT)
        whole = first.result(PATIENT)
        assert len(whole) == 1
        for future in good:
            np.testing.assert_allclose(future.result(PATIENT).topic, engine.read(TEXTS[:5]).topic, atol=1e-5)
        assert engine.stats().failures == 1
    assert max(map(len, backend.batches)) > 5  # they did share a batch


def test_calls_that_come_together_share_batches(checkpoint: Path, expected: Probabilities) -> None:
    gate = Gate()
    engine, backend = tampered_engine(tiny_settings(checkpoint, batch_tokens=4096), gate)
    with engine, ThreadPoolExecutor(20) as pool:
        first = pool.submit(engine.read, TEXTS[:1])
        assert gate.reached.wait(PATIENT)
        calls = [pool.submit(engine.read, TEXTS[3 * i : 3 * i + 3]) for i in range(16)]
        while engine.stats().queued_texts < 48:
            threading.Event().wait(0.001)
        gate.opened.set()
        for i, future in enumerate(calls):
            np.testing.assert_allclose(future.result(PATIENT).topic, expected[3 * i : 3 * i + 3], atol=1e-5)
        first.result(PATIENT)
    assert [len(batch) for batch in backend.batches] == [1, 48]


def test_a_caller_held_back_too_long_gets_an_error_and_leaves_nothing_behind(checkpoint: Path) -> None:
    gate = Gate()
    engine, _ = tampered_engine(tiny_settings(checkpoint, queue_tokens=64), gate)
    with engine, ThreadPoolExecutor(2) as pool:
        first = pool.submit(engine.read, TEXTS[:1])
        assert gate.reached.wait(PATIENT)
        with pytest.raises(UnavailableError, match="did not answer in time"):
            engine.read(TEXTS, timeout=0.0)
        stats = engine.stats()
        assert (stats.queued_texts, stats.queued_tokens) == (0, 0)
        assert stats.dropped_texts > 0
        gate.opened.set()
        assert len(first.result(PATIENT)) == 1
        assert len(engine.read(TEXTS)) == len(TEXTS)


def test_tokenising_goes_on_while_the_network_runs(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    monkeypatch.setattr("squall.model.serving.engine._CHUNK", 4)
    engine, _ = tampered_engine(tiny_settings(checkpoint, batch_tokens=16), gate)
    with engine, ThreadPoolExecutor(1) as pool:
        call = pool.submit(engine.read, TEXTS)
        assert gate.reached.wait(PATIENT)
        while engine.stats().queued_texts < len(TEXTS) - 2:  # all but what the first batch holds
            threading.Event().wait(0.001)
        assert not call.done()
        gate.opened.set()
        assert len(call.result(PATIENT)) == len(TEXTS)


def test_the_counts_add_up(checkpoint: Path) -> None:
    with ScoringEngine.open(tiny_settings(checkpoint)) as engine:
        engine.read(TEXTS)
        stats = engine.stats()
        tokens = sum(map(len, engine._model.tokenizer.ids(TEXTS)))
    assert (stats.texts, stats.tokens, stats.queued_texts, stats.dropped_texts) == (len(TEXTS), tokens, 0, 0)
    assert stats.tokens < stats.computed_tokens <= stats.offered_tokens == 256 * stats.batches
    assert stats.padding_waste == pytest.approx(1 - stats.tokens / stats.computed_tokens)
    assert 0 < stats.batch_fill <= 1


def test_closing_answers_who_is_in_and_refuses_who_comes_later(checkpoint: Path) -> None:
    gate = Gate()
    engine, _ = tampered_engine(tiny_settings(checkpoint), gate)
    with ThreadPoolExecutor(2) as pool:
        call = pool.submit(engine.read, TEXTS[:10])
        assert gate.reached.wait(PATIENT)
        closing = pool.submit(engine.close)
        gate.opened.set()
        assert len(call.result(PATIENT)) == 10
        closing.result(PATIENT)
    with pytest.raises(StoppedError, match="closed"):
        engine.read(["gold"])
    engine.close()


def test_an_engine_without_references_ends_its_thread(checkpoint: Path) -> None:
    engine = ScoringEngine.open(tiny_settings(checkpoint))
    engine.read(["gold"])
    thread, gone = engine._thread, weakref.ref(engine)
    del engine
    gc.collect()
    thread.join(PATIENT)
    assert gone() is None
    assert not thread.is_alive()


def test_an_error_in_the_scoring_thread_itself_reaches_every_caller(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug of ours")

    with ScoringEngine.open(tiny_settings(checkpoint)) as engine:
        monkeypatch.setattr("squall.model.serving.worker.Worker._run", broken)
        with pytest.raises(ZeroDivisionError):
            engine.read(["gold"], timeout=PATIENT)
        with pytest.raises(StoppedError, match="a bug of ours"):
            engine.read(["gold"], timeout=PATIENT)


@settings(max_examples=15)
@given(st.lists(st.lists(st.integers(0, len(TEXTS) - 1), max_size=9), min_size=1, max_size=8), st.sampled_from([24, 100, 4096]))
def test_answers_never_depend_on_who_else_is_asking(checkpoint: Path, expected: Probabilities, calls: list[list[int]], budget: int) -> None:
    sizes: list[int] = []

    def watch(rows: Sequence[Sequence[int]]) -> None:
        sizes.append(sum(width_of(len(row)) for row in rows) if len(rows) > 1 else 0)

    engine, _ = tampered_engine(tiny_settings(checkpoint, batch_tokens=budget, queue_tokens=128), watch)
    start = threading.Barrier(len(calls))

    def ask(rows: list[int]) -> None:
        start.wait(PATIENT)
        for _ in range(3):
            scores = engine.read([TEXTS[i] for i in rows])
            np.testing.assert_allclose(scores.topic, expected[rows], atol=1e-5)

    with engine, ThreadPoolExecutor(len(calls)) as pool:
        for future in [pool.submit(ask, rows) for rows in calls]:
            future.result(PATIENT)
        assert engine.stats().texts == 3 * sum(map(len, calls))
    assert max(sizes, default=0) <= budget
