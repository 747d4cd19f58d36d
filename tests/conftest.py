"""What every test has: no network for models, no settings from the developer's shell, and the repository on the path."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
KEPT = "SQUALL_TEST_KAFKA"

os.environ["HF_HUB_OFFLINE"] = "1"
_soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if _soft < (wanted := min(_hard, 20_000)):  # chDB keeps a dozen descriptors of every store that this process has opened and closed
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, _hard))
if str(ROOT) not in sys.path:  # for `from tests.support... import`, however pytest was started
    sys.path.insert(0, str(ROOT))

from tests.support.apache_kafka.cluster import ApacheKafka, Identity  # noqa: E402
from tests.support.certificates import Authorities, Authority  # noqa: E402
from tests.support.logs import logging_restored  # noqa: E402
from tests.support.threads import kafka_threads, left_behind  # noqa: E402

settings.register_profile("squall", deadline=None)  # a busy machine is not a bug
settings.load_profile("squall")


@pytest.fixture(autouse=True)
def _no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take SQUALL_* out of the environment, but for the broker that tests are to use."""
    for name in list(os.environ):
        if name.upper().startswith("SQUALL_") and name != KEPT:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True, scope="module")
def _no_kafka_client_left_behind() -> Iterator[None]:
    """Fail a file of tests that leaves a Kafka client running: its errors would appear in the logs of later tests."""
    before = kafka_threads()
    yield
    assert left_behind(before) == [], (
        "clients of Kafka were not closed; open those that may fail with `squall.core.kafka.client.open_client`"
    )


@pytest.fixture
def restored_logging() -> Iterator[None]:
    """Put handlers and levels back as they were before the test."""
    with logging_restored():
        yield


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of data sets beside the checkout."""
    if not DATA.is_dir():
        pytest.skip(f"no data sets: {DATA} is not there")
    return DATA


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Authorities:
    """A CA that is trusted, and another one."""
    folder = tmp_path_factory.mktemp("certificates")
    return Authorities(Authority(folder, "ours"), Authority(folder, "other"))


@pytest.fixture(scope="session")
def apache_kafka(tmp_path_factory: pytest.TempPathFactory, authorities: Authorities) -> Iterator[ApacheKafka]:
    """A node of Apache Kafka with every listener, started once for all tests of this process; a test that stops it starts it again."""
    certificate, key = authorities.ours.issue("127.0.0.1", "localhost")
    with ApacheKafka(tmp_path_factory.mktemp("apache-kafka"), identity=Identity(certificate, key, authorities.ours.file)) as running:
        yield running
