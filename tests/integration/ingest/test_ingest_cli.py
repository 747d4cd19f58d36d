"""The commands as processes, against a real broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from kafka import KafkaConsumer, TopicPartition

from squall.cli.main import main
from tests.support.broker import DevelopmentBroker, free_port, unique
from tests.support.feed_server import FeedServer, body, rss

LINES = [f'{{"id": {n}, "title": "t{n}", "date": "2011-08-0{1 + n % 9}T00:00Z"}}\n' for n in range(30)]


class Shell:
    """Runs `squall …` with settings of its own."""

    def __init__(self, folder: Path, bootstrap: str) -> None:
        self.folder = folder
        self.bootstrap = bootstrap
        self.topic, self.dead = unique("documents"), unique("dead")
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SQUALL_")}
        self.environment = clean | {
            "SQUALL_DATA_DIR": str(folder / "data"),
            "SQUALL_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "SQUALL_KAFKA__DOCUMENTS_TOPIC": self.topic,
            "SQUALL_KAFKA__DEAD_LETTER_TOPIC": self.dead,
        }

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "squall", *arguments]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment | settings, cwd=Path.cwd()
        )

    def run(self, *arguments: str, **settings: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **settings)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err

    def summary(self, *arguments: str) -> dict[str, Any]:
        code, out, err = self.run(*arguments, "--json")
        assert code == 0, err
        parsed: dict[str, Any] = json.loads(out)
        return parsed

    def file(self, *lines: str, name: str = "f.jsonl") -> str:
        path = self.folder / name
        path.write_text("".join(lines))
        return str(path)

    def count(self, topic: str) -> int:
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap)
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        total = sum(consumer.end_offsets(partitions).values())
        consumer.close()
        return total


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevelopmentBroker]:
    with DevelopmentBroker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def shell(tmp_path: Path, broker: DevelopmentBroker) -> Shell:
    """Topics and a data folder of its own."""
    return Shell(tmp_path, broker.bootstrap)


@pytest.mark.slow
def test_a_file_is_sent_once_its_bad_rows_are_dead_lettered_and_a_second_run_sends_nothing(shell: Shell) -> None:
    path = shell.file(*LINES, "broken\n")
    summary = shell.summary("ingest", "file", path)
    assert (summary["sent"], summary["rejected"], summary["reasons"], summary["stopped"]) == (30, 1, {"broken_json": 1}, False)
    assert (shell.count(shell.topic), shell.count(shell.dead)) == (30, 1)
    code, _, err = shell.run("ingest", "file", path)
    assert (code, "nothing new" in err) == (0, True)
    assert shell.count(shell.topic) == 30
    assert shell.summary("ingest", "file", path, "--no-resume")["sent"] == 30


@pytest.mark.usefixtures("restored_logging")
def test_wrong_use_is_exit_2_and_says_what_to_do(shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for module in (sys, threading):  # `main` sets both
        monkeypatch.setattr(module, "excepthook", module.excepthook)
    for name, value in shell.environment.items():
        monkeypatch.setenv(name, value)

    def end(*arguments: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["squall", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().err

    good = shell.file(*LINES)
    columns = shell.file("a,b\n1,2\n", name="f.csv")
    for arguments, message in [
        (("ingest", "file", str(shell.folder / "none.jsonl")), "does not exist"),
        (("ingest", "file", columns), "--map published_at=COLUMN"),
        (("ingest", "file", good, "--map", "text"), "FIELD=COLUMN"),
        (("ingest", "file", good, "--timezone", "Mars"), "time zone"),
        (("replay", good, "--speed", "fast"), "600x"),
        (("replay", good, "--from", "soon"), "--from"),
        (("ingest", "rss"), "SQUALL_INGEST__FEEDS"),
        (("ingest", "push", "--host", "0.0.0.0"), "SQUALL_PUSH__TOKENS"),
    ]:
        code, err = end(*arguments)
        assert (code, message in err) == (2, True), err
    code, _, err = shell.run("ingest", "file", good, SQUALL_KAFKA__BOOTSTRAP_SERVERS="")
    assert (code, "squall broker" in err, "Traceback" in err) == (2, True, False)


@pytest.mark.slow
def test_a_broken_gzip_sends_what_it_has_and_exits_1(shell: Shell) -> None:
    import gzip

    path = shell.folder / "f.jsonl.gz"
    path.write_bytes(gzip.compress("".join(LINES * 200).encode())[:-200])
    code, out, err = shell.run("ingest", "file", str(path), "--json")
    assert (code, "can't be read after row" in err) == (1, True)
    assert json.loads(out)["sent"] > 0
    assert json.loads(out)["reasons"] == {"broken_file": 1}


@pytest.mark.slow
def test_a_replay_keeps_to_its_bounds_and_a_signal_ends_a_slow_one(shell: Shell) -> None:
    path = shell.file(*LINES)
    summary = shell.summary("replay", path, "--from", "2011-08-03", "--to", "2011-08-05")
    assert (summary["sent"], summary["skipped"]) == (7, 23)
    slow = shell.start("replay", path, "--speed", "1x", "--json")
    while shell.count(shell.topic) < 8:
        time.sleep(0.1)
    began = time.monotonic()
    slow.send_signal(signal.SIGTERM)
    out, err = slow.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert slow.returncode == 1
    assert json.loads(out)["stopped"] is True
    assert "stopped before the end" in err


@pytest.mark.slow
def test_feeds_are_polled_once_and_the_next_run_is_conditional(shell: Shell) -> None:
    server = FeedServer()
    server.answers["/f"] = body(rss("1", "2"), ETag='"v1"')
    feeds = shell.file(f'[[feeds]]\nurl = "{server.url("/f")}"\n', name="feeds.toml")
    assert shell.summary("ingest", "rss", feeds, "--once")["sent"] == 2
    server.answers["/f"] = body(b"", 304)
    again = shell.summary("ingest", "rss", feeds, "--once")
    assert (again["sent"], again["feeds"][0]["unchanged"]) == (0, 1)
    assert server.requests[1][1]["if-none-match"] == '"v1"'
    server.answers["/f"] = body(b"<html>", Content_Type="text/html")
    code, _, err = shell.run("ingest", "rss", feeds, "--once")
    assert (code, "not RSS, Atom, RDF or JSON Feed" in err) == (1, True)
    server.close()


@pytest.mark.slow
def test_pushed_documents_are_acknowledged_by_kafka_and_refused_while_it_is_down(tmp_path: Path) -> None:
    broker = DevelopmentBroker(tmp_path / "broker")
    if not broker.owned:
        pytest.skip("a real broker is not ours to stop")
    shell, port = Shell(tmp_path, broker.bootstrap), free_port()
    process = shell.start("ingest", "push", "--port", str(port), "--json", SQUALL_KAFKA__REQUEST_TIMEOUT_SECONDS="2")
    errors: list[str] = []
    assert process.stderr is not None
    threading.Thread(target=lambda: errors.extend(process.stderr or ()), daemon=True).start()
    url = f"http://127.0.0.1:{port}"
    document = {"source": "desk", "title": "Bank fails", "published_at": "2026-03-02T14:05:00Z"}

    def status() -> int:
        try:
            return httpx.post(f"{url}/documents", json=document, timeout=15).status_code
        except httpx.ConnectError:
            return 0

    def until(wanted: int) -> None:
        deadline = time.monotonic() + 60
        while status() != wanted:
            assert time.monotonic() < deadline, errors
            time.sleep(0.2)

    until(503)  # Kafka is not up yet: the endpoint answers and reports it
    broker.start()
    until(202)
    broker.stop()
    until(503)
    assert httpx.get(f"{url}/healthz").json()["accepting"] is False
    broker.start()
    until(202)
    assert shell.count(shell.topic) >= 2
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    summary = json.loads(process.stdout.read())
    assert process.wait(10) == 0
    assert summary["sent"] >= 2
    broker.stop()
