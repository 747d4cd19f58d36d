"""The example of docs/sources.md, installed as a package in an environment of its own: found, checked, published, and conforming."""

from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaConsumer

from tests.support.broker import DevelopmentBroker, unique

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "sources.md"
LINES = b"One\nTwo\n\nThree\n"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(LINES)

    def log_message(self, *_: object) -> None:
        pass


def blocks() -> tuple[str, str, str]:
    example = PAGE.read_text().split("### An example")[1]
    source, project, test = re.findall(r"```(?:python|toml)\n(.*?)```", example, re.DOTALL)
    return source, project, test


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that sees this one's packages, with the plug-in installed in it."""
    folder = tmp_path_factory.mktemp("plugin")
    package = folder / "package"
    package.mkdir()
    for name, text in zip(("squall_lines.py", "pyproject.toml", "test_lines.py"), blocks(), strict=True):
        (package / name).write_text(text)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--system-site-packages", folder / "venv"], check=True)
    # a venv of a venv sees the packages of neither, but for this line
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    packages = [path for path in sys.path if path.endswith("site-packages")]
    (site / "outer.pth").write_text("\n".join([*packages, str(ROOT)]) + "\n")
    python = str(folder / "venv" / "bin" / "python")
    install = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-build-isolation", str(package)]
    subprocess.run(install, check=True, capture_output=True, timeout=120)
    return folder


@pytest.fixture
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def run(environment: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("SQUALL_", "PYTEST_")) and name != "PYTHONPATH"}
    command = [str(environment / "venv" / "bin" / "python"), *arguments]
    return subprocess.run(command, cwd=environment, env=clean | settings, capture_output=True, text=True, timeout=120, check=False)


def test_the_example_is_short_and_its_names_are_those_of_the_page() -> None:
    source, project, _ = blocks()
    assert len([line for line in source.splitlines() if line.strip()]) < 60
    assert tomllib.loads(project)["project"]["entry-points"]["squall.sources"] == {"lines": "squall_lines:LinesType"}


@pytest.mark.slow
def test_a_package_conforms_by_running_the_suite_on_itself(environment: Path) -> None:
    done = run(environment, "-m", "pytest", "-q", "-p", "no:cacheprovider", "package/test_lines.py")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "9 passed" in done.stdout


@pytest.mark.slow
def test_its_type_is_listed_checked_and_published_to_kafka(environment: Path, address: str, tmp_path: Path) -> None:
    listed = run(environment, "-m", "squall", "ingest", "types")
    named = [line.split(maxsplit=1) for line in listed.stdout.splitlines()]
    assert ["lines", "headlines over HTTP, one a line"] in named, listed.stderr
    sources = tmp_path / "sources.toml"
    sources.write_text(
        f'[[source]]\ntype = "lines"\nname = "mine"\nurl = "{address}"\n'
        '[[source]]\ntype = "lines"\nname = "dead"\nurl = "http://127.0.0.1:1/"\n'
    )
    settings = {"SQUALL_DATA_DIR": str(tmp_path / "data")}
    checked = run(environment, "-m", "squall", "ingest", "check", str(sources), "--json", "--seconds", "10", **settings)
    good, dead = json.loads(checked.stdout)["sources"]
    assert checked.returncode == 1
    assert (good["name"], good["ok"], good["documents"], good["rejected"]) == ("mine", True, 2, 0)
    assert good["last_document_age_seconds"] < 60
    assert (dead["ok"], "no connection" in dead["detail"] or "Connection refused" in dead["detail"]) == (False, True)
    assert not (tmp_path / "data" / "cursors").exists()
    with DevelopmentBroker(tmp_path / "broker") as broker:
        topic = unique("documents")
        consumer = KafkaConsumer(topic, bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=30_000)
        kafka = {"SQUALL_KAFKA__BOOTSTRAP_SERVERS": broker.bootstrap, "SQUALL_KAFKA__DOCUMENTS_TOPIC": topic}
        command = [str(environment / "venv" / "bin" / "python"), "-m", "squall", "ingest", "sources", str(sources), "--json"]
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SQUALL_") and name != "PYTHONPATH"}
        process = subprocess.Popen(
            command, cwd=environment, env=clean | settings | kafka, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        titles = [json.loads(next(consumer).value)["title"] for _ in range(3)]
        consumer.close()
        process.terminate()
        out, err = process.communicate(timeout=30)
    assert titles == ["One", "Two", "Three"]
    report = json.loads(out)
    assert (report["sent"], report["rejected"], report["failed"]) == (3, 1, {}), err
