"""Progress where standard error is no terminal."""

from __future__ import annotations

import pytest

from squall.cli.progress import progress_bar


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_without_a_terminal_each_tenth_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as show:
        for done in range(101):
            show(f"scoring a.csv: {done} stored", done / 100)
    assert lines(capsys) == [f"squall: scoring a.csv: {done} stored, {done}%" for done in range(0, 101, 10)]


def test_the_next_stage_starts_at_its_own_first_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as show:
        for stage in ("hashing", "detecting"):
            show(stage, 0.5)
            show(stage, 0.55)
    assert lines(capsys) == ["squall: hashing, 50%", "squall: detecting, 50%"]


def test_without_a_terminal_work_of_unknown_length_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar() as show:
        show("feeds: 3 sent", None)
    assert lines(capsys) == []
