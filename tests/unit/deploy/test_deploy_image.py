"""deploy/docker: the image, as far as it shows without a daemon."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.deployed import DEPLOY, ROOT, full_compose

DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
HEALTH = DEPLOY / "docker" / "squall-health"
TEXT = DOCKERFILE.read_text()


def _instructions() -> list[str]:
    lines = [line for line in TEXT.splitlines() if line.strip() and not line.startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def test_the_linter_finds_nothing() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint is not installed")
    result = subprocess.run([linter, "--failure-threshold", "style", DOCKERFILE], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout


def test_bases_are_pinned_by_version() -> None:
    bases = [line.split()[1] for line in _instructions() if line.startswith("FROM ")]
    stages = [line.split()[-1] for line in _instructions() if line.startswith("FROM ")]
    pinned = re.search(r"^ARG PYTHON_IMAGE=(\S+)$", TEXT, re.MULTILINE)
    assert pinned
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", pinned[1])
    assert set(bases) - set(stages) == {"${PYTHON_IMAGE}", "scratch"}, "scratch carries the wheel out of the build"
    assert {"cpu", "cuda"} <= set(stages)
    assert stages[-1] == "cpu", "a build without --target is the CPU's"


def test_it_runs_as_an_unprivileged_user_with_the_command_as_entry_point() -> None:
    runtime = TEXT[TEXT.index(" AS runtime") :]
    assert re.findall(r"^USER (\S+)$", TEXT, re.MULTILINE) == ["10001:10001"]
    assert "--uid 10001 --gid 10001" in runtime
    assert 'ENTRYPOINT ["squall"]' in runtime
    assert 'CMD ["squall-health"]' in runtime
    script = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert script["squall"] == "squall.cli.main:main"


def test_what_builds_stays_behind() -> None:
    runtime = TEXT[TEXT.index(" AS runtime") :]
    assert "pip" not in runtime
    assert not re.search(r"apt-get|gcc|build-essential", TEXT)
    assert "PIP_NO_CACHE_DIR=1" in TEXT
    assert "PIP_ONLY_BINARY=:all:" in TEXT, "nothing is compiled, so nothing that compiles is needed"


def test_what_is_installed_is_pinned() -> None:
    for line in _instructions():
        for command in re.findall(r"pip(?: --python \S+)? install [^&]*", line):
            assert "--constraint constraints.txt" in command or "constraints.txt)" in command or "/build/dist/*.whl" in command


def test_everything_the_build_copies_is_let_in_by_the_ignore_file() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert "*" in lines
    folders = {"squall"} | {link.resolve().name for link in (ROOT / "squall").iterdir() if link.is_symlink()}
    assert folders | {"pyproject.toml", "constraints.txt", "README.md", "LICENSE", "deploy/docker/squall-health"} == allowed
    assert all((ROOT / each).exists() for each in allowed)


def test_versions_agree() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"ARG VERSION={version}" in TEXT
    assert full_compose("compose.yaml")["services"]["worker"]["image"] == f"squall:{version}"
    assert f"newTag: {version}" in (DEPLOY / "kubernetes/overlays/example/kustomization.yaml").read_text()


class _Probes(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        ready = self.path == "/readyz"
        self.send_response(503 if ready else 200)
        self.end_headers()
        self.wfile.write(b"the store did not answer" if ready else b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def endpoint() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Probes)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


def _health(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-IS", str(HEALTH), *arguments]
    return subprocess.run(
        command, env={"http_proxy": "http://127.0.0.1:9"} | environment, capture_output=True, text=True, timeout=20, check=False
    )


def test_the_health_check_asks_the_process(endpoint: int) -> None:
    well = _health(SQUALL_METRICS__PORT=str(endpoint))
    assert (well.returncode, well.stdout.strip()) == (0, "ok")
    ill = _health("/readyz", SQUALL_METRICS__PORT=str(endpoint))
    assert (ill.returncode, ill.stdout.strip()) == (1, "503 the store did not answer")


def test_the_health_check_fails_without_an_answer_and_passes_where_none_is_due() -> None:
    assert _health(SQUALL_METRICS__PORT="1").returncode == 1
    assert _health().returncode == 0
    assert _health(SQUALL_METRICS__PORT="0").returncode == 0


def test_the_health_check_can_be_run() -> None:
    assert os.access(HEALTH, os.X_OK)
    assert HEALTH.read_text().startswith("#!/usr/local/bin/python3 -IS\n")
    assert shutil.which("squall-health") is None
