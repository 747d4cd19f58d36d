"""The jars of Apache Kafka, from Maven Central, fetched once into build/."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
POM = Path(__file__).with_name("pom.xml")
FOLDER = ROOT / "build" / "apache-kafka"
FETCH_SECONDS = 240
TOOLS = ("java", "mvn")


def can_run() -> bool:
    """Whether `java` and `mvn` are installed; in CI (`CI=true`) they must be, so that what needs them fails there."""
    return os.environ.get("CI") == "true" or all(shutil.which(tool) for tool in TOOLS)


def libraries() -> Path:
    """Return the folder of the jars; fetched if it is not there yet, by one process at a time.

    Skips the test where `java` or `mvn` is missing or the jars can't be fetched, with the reason; in CI (`CI=true`) it fails instead.
    """
    for tool in TOOLS:
        if shutil.which(tool) is None:
            _unavailable(f"{tool} is not installed")
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = FOLDER / f"fetched-{POM.stat().st_mtime_ns}"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(FOLDER / "libs", ignore_errors=True)
            command = ["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={FOLDER / 'libs'}"]
            result = subprocess.run(
                [*command, "-DincludeScope=runtime"], capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
            )
            if result.returncode != 0:
                _unavailable(f"mvn can't fetch Apache Kafka: {result.stdout[-500:]}{result.stderr[-500:]}")
            done.touch()
    return FOLDER / "libs"


def _unavailable(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"Apache Kafka must run in CI: {reason}")
    pytest.skip(f"no Apache Kafka: {reason}")
