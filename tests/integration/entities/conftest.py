"""Answers of the real command, and of the linker, on the hand-labelled texts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import entities_report
from tests.support.entities_judge import Verdict


def _score(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What `squall model score --json` answers."""
    done = subprocess.run(
        [sys.executable, "-m", "squall", "model", "score", "--json"],
        input="".join(json.dumps(request) + "\n" for request in requests),
        env={name: value for name, value in os.environ.items() if not name.startswith("SQUALL_")},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="session")
def command_answers(data_folder: Path) -> dict[str, list[dict[str, Any]]]:
    """Answers by file, from one process."""
    requests = [
        request | {"id": f"{file} {request['id']}"}
        for file in entities_report.FILES
        for request in entities_report.requests(file, data_folder)
    ]
    answers: dict[str, list[dict[str, Any]]] = {file: [] for file in entities_report.FILES}
    for answer in _score(requests):
        file, _, identity = answer["id"].partition(" ")
        answers[file].append(answer | {"id": identity})
    return answers


@pytest.fixture
def judged(command_answers: dict[str, list[dict[str, Any]]], data_folder: Path) -> Callable[[str], Verdict]:
    """The verdict on the command's answers for a file; it is printed, so that a failure shows it."""

    def judge(file: str) -> Verdict:
        verdict = entities_report.judged(file, data_folder, command_answers[file])
        print(f"{file}\n{verdict}")
        return verdict

    return judge
