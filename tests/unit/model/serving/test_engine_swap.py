"""Changing the model while it scores, and finding entities."""

from __future__ import annotations

import logging
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest

from squall.app.pipeline import checkpoint_swap
from squall.app.signals import on_hangup, reload_on_hangup
from squall.core.config.loading import load_settings
from squall.core.errors import ConfigurationError
from squall.model.serving.engine import ScoringEngine
from squall.model.tagging import tagged_spans
from squall.model.tasks import DEFAULT_TASKS
from tests.support.engines import ENTITY, Gate, save_checkpoint, tampered_engine, tiny_settings

TEXTS = ["gold rise", "bank shares fall on profit loss", "fed rates cut the day", "quiet"] * 5
PATIENT = 60.0


@pytest.fixture(scope="module")
def old(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("old"), tiny_base, seed=11)


@pytest.fixture(scope="module")
def new(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("new"), tiny_base, seed=12)


@pytest.fixture(scope="module")
def with_entities(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("entities"), tiny_base, tasks=(*DEFAULT_TASKS, ENTITY))


def test_after_a_swap_the_new_model_answers_and_says_so(old: Path, new: Path) -> None:
    with ScoringEngine.open(tiny_settings(old)) as engine, ScoringEngine.open(tiny_settings(new)) as other:
        before = engine.read(TEXTS)
        version = engine.swap(new)
        after = engine.read(TEXTS)
        assert before.model_version != after.model_version == version == engine.model_version == other.model_version
        np.testing.assert_allclose(after.topic, other.read(TEXTS).topic, atol=1e-6)


def test_a_call_under_way_is_answered_wholly_by_the_model_it_began_with(old: Path, new: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate()
    monkeypatch.setattr("squall.model.serving.engine._CHUNK", 3)
    engine, _ = tampered_engine(tiny_settings(old, batch_tokens=24, queue_tokens=32), gate)
    with engine, ThreadPoolExecutor(2) as pool, ScoringEngine.open(tiny_settings(old)) as reference:
        early = pool.submit(engine.read, TEXTS)
        assert gate.reached.wait(PATIENT)  # its first batch is running, most of it is still outside the queue
        version = engine.swap(new)
        late = pool.submit(engine.read, TEXTS)
        gate.opened.set()
        scores = early.result(PATIENT)
        assert scores.model_version == reference.model_version != version
        np.testing.assert_allclose(scores.topic, reference.read(TEXTS).topic, atol=1e-5)
        assert late.result(PATIENT).model_version == version


def test_no_call_is_dropped_or_mixed_by_swaps_in_between(old: Path, new: Path) -> None:
    answers = {}
    for folder in (old, new):
        with ScoringEngine.open(tiny_settings(folder)) as engine:
            answers[engine.model_version] = engine.read(TEXTS).topic
    engine = ScoringEngine.open(tiny_settings(old, batch_tokens=48, max_wait_ms=0.1))
    done = threading.Event()
    heard: SimpleQueue[str] = SimpleQueue()

    def ask() -> None:
        while not done.is_set():
            scores = engine.read(TEXTS)
            np.testing.assert_allclose(scores.topic, answers[scores.model_version], atol=1e-5)
            heard.put(scores.model_version)

    with engine, ThreadPoolExecutor(3) as pool:
        callers = [pool.submit(ask) for _ in range(3)]
        try:
            for folder in (new, old) * 3:
                version = engine.swap(folder)
                while heard.get(timeout=PATIENT) != version:
                    pass
        finally:
            done.set()
        for caller in callers:
            caller.result(PATIENT)
        assert engine.stats().failures == 0


def test_a_folder_that_is_no_checkpoint_leaves_the_old_model_at_work(old: Path, tmp_path: Path) -> None:
    with ScoringEngine.open(tiny_settings(old)) as engine:
        version = engine.model_version
        with pytest.raises(ConfigurationError, match="not a model folder"):
            engine.swap(tmp_path)
        assert engine.read(TEXTS).model_version == version


def test_a_checkpoint_without_a_head_of_the_present_one_is_refused(old: Path, with_entities: Path) -> None:
    with ScoringEngine.open(tiny_settings(with_entities)) as engine:
        version = engine.model_version
        with pytest.raises(ConfigurationError, match="no entity head"):
            engine.swap(old)
        assert engine.read(TEXTS).model_version == version


def test_hangup_swaps_in_the_checkpoint_that_the_settings_name_now(
    old: Path, new: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    logged = threading.Event()

    class SwapOutcome(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "replaced" in record.getMessage() or "still serving" in record.getMessage():
                logged.set()

    handler = SwapOutcome()
    logging.getLogger("squall").addHandler(handler)
    try:
        with (
            ScoringEngine.open(tiny_settings(old)) as engine,
            reload_on_hangup(load_settings, checkpoint_swap(engine)),
            caplog.at_level(logging.INFO, "squall"),
        ):
            version = engine.model_version
            monkeypatch.setenv("SQUALL_MODEL__PATH", str(tmp_path))
            os.kill(os.getpid(), signal.SIGHUP)
            assert logged.wait(PATIENT)
            assert engine.model_version == version
            logged.clear()
            monkeypatch.setenv("SQUALL_MODEL__PATH", str(new))
            os.kill(os.getpid(), signal.SIGHUP)
            assert logged.wait(PATIENT)
            assert engine.read(TEXTS).model_version == engine.model_version != version
    finally:
        logging.getLogger("squall").removeHandler(handler)
    assert "new checkpoint not loaded; still serving" in caplog.text


def test_hangups_while_one_is_answered_count_as_one_more(old: Path) -> None:
    before = signal.getsignal(signal.SIGHUP)
    running, go_on = threading.Event(), threading.Semaphore(0)
    runs: list[int] = []

    def action() -> None:
        runs.append(1)
        running.set()
        go_on.acquire()

    with on_hangup(action):
        os.kill(os.getpid(), signal.SIGHUP)
        assert running.wait(PATIENT)
        running.clear()
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGHUP)
        go_on.release()
        assert running.wait(PATIENT)
        go_on.release()
    assert len(runs) == 2
    assert signal.getsignal(signal.SIGHUP) is before


def test_entities_are_stretches_of_the_text_as_it_was_given(with_entities: Path) -> None:
    texts = ["gold rise", "", "  see https://x.y/z  bank   shares fall", "oil &amp; gold 🚀 fall", "quiet " * 100]
    with ScoringEngine.open(tiny_settings(with_entities)) as engine:
        reading = engine.read(texts)
        found = reading.spans["entity"]
        alone = [engine.read([text]).spans["entity"][0] for text in texts]
    assert found == alone
    assert len(reading) == len(texts)
    assert any(found)
    for text, spans in zip(texts, found, strict=True):
        for span in spans:
            assert 0 <= span.start < span.end <= len(text)
            assert not text[span.start].isspace()
        assert spans == sorted(spans)


def test_entities_are_what_the_heads_best_tags_say(with_entities: Path) -> None:
    text = "Bank &amp; gold shares  fall"
    with ScoringEngine.open(tiny_settings(with_entities)) as engine:
        model = engine._model
        (tokens,) = model.tokenizer.aligned([text])
        tags = model.execution.backend.logits([tokens.ids])["entity"][0].argmax(-1).tolist()
        assert engine.read([text]).spans["entity"][0] == tagged_spans(tags[: len(tokens.ids)], tokens.offsets, ENTITY)


def test_a_checkpoint_without_a_head_says_so_when_it_is_asked(old: Path) -> None:
    with ScoringEngine.open(tiny_settings(old)) as engine, pytest.raises(ConfigurationError, match="no entity head"):
        _ = engine.read(["gold"]).spans["entity"]
