"""The commands a newcomer types, over the real parts."""

from __future__ import annotations

import email
import email.policy
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

pytestmark = pytest.mark.slow


def test_the_demo_stores_everything_finds_the_crisis_and_mails_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "squall", "--data-dir", str(tmp_path), "demo", "--json", "--speed", "7200x"]
    done = subprocess.run(command, capture_output=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr.decode()[-4000:] + done.stdout.decode()[-4000:]
    report = orjson.loads(done.stdout)

    assert report["sent"] == report["stored"] + report["duplicate"] + report["dead_lettered"]
    assert report["stored"] >= 8000
    assert report["alerts"]["found"] == 1
    assert report["alerts"]["missed"] == 0
    assert report["alerts"]["false"] == 0
    assert len({row["topic"] for row in report["topics"]}) == 20
    mails = [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in Path(report["outbox"]).glob("*.eml")]
    assert len(mails) == report["emails"] >= 2
    for mail in mails:
        assert mail.get_body(("plain",)) is not None
        assert mail.get_body(("html",)) is not None
        assert any(part.get_content_type() == "image/png" for part in mail.walk())
