"""SIGHUP changes the model of a running process."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path

import pytest

from model.engine import ScoringEngine
from squall.runtime import swap_on_hangup
from tests.support.engines import save_checkpoint, tiny_settings


def _until(condition: object, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_hangup_swaps_in_the_checkpoint_that_the_settings_name_and_a_bad_one_changes_nothing(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (save_checkpoint(tmp_path / name, tiny_base, seed=seed) for name, seed in (("a", 1), ("b", 2)))
    settings = tiny_settings(first)
    with ScoringEngine.open(settings) as engine, swap_on_hangup(engine):
        before = engine.score(["oil up"]).model_version
        monkeypatch.setenv("SQUALL_MODEL__PATH", str(second))
        os.kill(os.getpid(), signal.SIGHUP)
        _until(lambda: engine.model_version != before)
        after = engine.score(["oil up"]).model_version
        assert after == engine.model_version

        monkeypatch.setenv("SQUALL_MODEL__PATH", str(tmp_path / "nothing"))
        with caplog.at_level(logging.ERROR, logger="squall"):
            os.kill(os.getpid(), signal.SIGHUP)
            _until(lambda: any("the model stays" in record.message for record in caplog.records))
        assert engine.score(["oil up"]).model_version == after
