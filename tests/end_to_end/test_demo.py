"""The commands a newcomer types, over the real parts."""

from __future__ import annotations

import email
import email.policy
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # a slow machine is waited for


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


def squall(folder: Path, *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "squall", "--data-dir", str(folder), *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, timeout=800, check=False)
    assert done.returncode == 0, done.stderr.decode()[-4000:] + done.stdout.decode()[-4000:]
    return dict(orjson.loads(done.stdout))


@dataclass(frozen=True)
class KeptDemo:
    """What a demo that was left running printed, and how it ended at Ctrl-C."""

    report: dict[str, Any]
    exit_code: int
    errors: str


def demo_left_running(folder: Path) -> KeptDemo:
    """Run a demo with --keep, and send SIGINT after its report, while everything runs."""
    command = [sys.executable, "-m", "squall", "--data-dir", str(folder), "demo", "--speed", "7200x", "--keep", "--json"]
    errors = folder / "errors.log"
    with errors.open("wb") as log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log) as process:
        assert process.stdout is not None
        lines: list[bytes] = []
        try:
            for line in process.stdout:
                lines.append(line)
                if line.rstrip() == b"}":
                    break
            process.send_signal(signal.SIGINT)
            process.stdout.read()
            code = process.wait(60)
        finally:
            process.kill()
    assert lines, errors.read_text()[-4000:]
    return KeptDemo(dict(orjson.loads(b"".join(lines))), code, errors.read_text())


@pytest.fixture(scope="module")
def kept(folder: Path) -> KeptDemo:
    return demo_left_running(folder)


@pytest.fixture(scope="module")
def report(kept: KeptDemo) -> dict[str, Any]:
    return kept.report


def test_a_demo_that_was_left_running_ends_at_ctrl_c_without_a_traceback(kept: KeptDemo) -> None:
    assert (kept.exit_code, "Traceback" in kept.errors) == (0, False), kept.errors[-4000:]


def test_the_demo_stores_everything_finds_the_crisis_and_mails_it(report: dict[str, Any]) -> None:
    assert report["sent"] == report["stored"] + report["duplicate"] + report["dead_lettered"]
    assert report["stored"] >= 8000
    assert report["alerts"]["found"] == 1
    assert report["alerts"]["missed"] == 0
    assert report["alerts"]["false"] == 0
    assert report["alerts"]["named"] == 1
    assert len({row["topic"] for row in report["topics"]}) == 20
    mails = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in Path(report["outbox"]).glob("*.eml")]
    assert len(mails) == report["emails"] >= 2
    for mail in mails:
        assert mail.get_body(("plain",)) is not None
        assert mail.get_body(("html",)) is not None
        assert any(part.get_content_type() == "image/png" for part in mail.walk())


def test_the_same_stream_in_one_process_stores_the_same_and_raises_the_same_alerts(folder: Path, report: dict[str, Any]) -> None:
    alone = squall(folder / "alone", "replay", str(folder / "demo" / "stream.jsonl.gz"), "--speed", "max", "--in-process")

    assert alone["stored"] == alone["documents"] == report["stored"]
    assert alone["duplicate"] == report["duplicate"]
    assert [alert["id"] for alert in alone["alerts"]] == [alert["id"] for alert in report["alert_list"]]
