"""The Compose file and the overlays give each process settings that it understands, and all that it needs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from squall.cli.options import require_broker
from squall.core.config.loading import load_settings
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.kafka.client import client_arguments
from squall.core.net.addresses import is_loopback
from squall.dashboards.page.access import check_access
from squall.ingest.push.authorisation import check_tokens
from tests.support.deployed import DEPLOY, ROOT, Process, every_process, parse_command, setting_names

trustme = pytest.importorskip("trustme")

PROCESSES = every_process()
IDS = [f"{way}: {process.name}" for way, process in PROCESSES]
NOT_SETTINGS = {"SQUALL_CONFIG", "SQUALL_SECRETS_DIR", "SQUALL_VERSION"}
METRICS_PORTS = {"worker": "9101", "detect": "9102", "ingest rss": "9103", "ingest push": "9103", "web": "9104"}
SPEAKS_TO_KAFKA = {"worker", "ingest rss", "ingest push", "kafka setup"}
SPEAKS_TO_STORE = {"worker", "detect", "web", "store migrate"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates as the Secret squall-ca has them."""
    path = tmp_path_factory.mktemp("ca") / "ca.crt"
    trustme.CA().cert_pem.write_to_path(path)
    return path


def _settings(process: Process, authority: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in process.environment.items():
        for mount in process.mounts:
            value = value.replace(f"{mount}/ca.crt", str(authority))
        monkeypatch.setenv(name, value)
    return load_settings()


def test_the_ways_to_deploy_start_all_parts() -> None:
    for way in {way for way, _ in PROCESSES}:
        kinds = {process.kind for each, process in PROCESSES if each == way}
        assert kinds == {"worker", "detect", "ingest rss", "ingest push", "web", "store migrate", "kafka setup"}, way


@pytest.mark.parametrize(("way", "process"), PROCESSES, ids=IDS)
def test_every_command_is_one_of_ours(way: str, process: Process) -> None:
    parse_command(process.arguments)


def test_a_command_that_is_not_ours_would_be_found() -> None:
    with pytest.raises(KeyError):
        parse_command(["store", "migrates"])
    with pytest.raises(Exception, match="nosuch"):
        parse_command(["kafka", "setup", "--nosuch"])


@pytest.mark.parametrize(("way", "process"), PROCESSES, ids=IDS)
def test_every_process_can_read_its_settings_and_has_what_it_needs(
    way: str, process: Process, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = _settings(process, authority, monkeypatch)
    if process.kind in SPEAKS_TO_KAFKA:
        require_broker(settings)
        client_arguments(settings.kafka, allow_plaintext=settings.allow_plaintext)  # refuses a link in plaintext that was not allowed
    if process.kind in SPEAKS_TO_STORE:
        assert settings.store_url.startswith(("clickhouse://", "clickhouses://"))
        assert settings.store.password.get_secret_value()
    if process.kind == "web":
        check_access(settings.web)
    if process.kind == "ingest push":
        check_tokens(settings.push)
    if process.kind == "detect":
        assert settings.alerts.smtp_host, "mails would pile up as files in a container"


@pytest.mark.parametrize(("way", "process"), PROCESSES, ids=IDS)
def test_no_process_is_given_the_secrets_of_another(way: str, process: Process) -> None:
    allowed = {
        "SQUALL_KAFKA__USERNAME": SPEAKS_TO_KAFKA,
        "SQUALL_KAFKA__PASSWORD": SPEAKS_TO_KAFKA,
        "SQUALL_STORE__PASSWORD": SPEAKS_TO_STORE,
        "SQUALL_WEB__TOKEN": {"web"},
        "SQUALL_PUSH__TOKENS": {"ingest push"},
        "SQUALL_ALERTS__SMTP_PASSWORD": {"detect"},
        "SQUALL_ALERTS__RECEIVERS": {"detect"},
        "SQUALL_ALERTS__HEARTBEAT__URL": {"detect"},
    }
    for secret in process.secrets:
        assert process.kind in allowed[secret]


@pytest.mark.parametrize(("way", "process"), PROCESSES, ids=IDS)
def test_what_secrets_are_is_never_written_down(way: str, process: Process) -> None:
    for name in process.environment:
        if re.search(r"PASSWORD|TOKEN|SECRET", name):
            assert name in process.secrets
    url = process.environment.get("SQUALL_STORE__URL", "")
    assert not re.search(r"://[^@/]*:[^@/]*@", url), "the password goes into SQUALL_STORE__PASSWORD"


@pytest.mark.parametrize(("way", "process"), PROCESSES, ids=IDS)
def test_ports_are_those_that_the_settings_name_and_the_image_exposes(
    way: str, process: Process, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exposed = re.search(r"^EXPOSE (.*)$", (DEPLOY / "docker" / "Dockerfile").read_text(), re.MULTILINE)
    assert exposed
    assert process.ports <= {int(port) for port in exposed[1].split()}
    settings = _settings(process, authority, monkeypatch)
    assert process.environment.get("SQUALL_METRICS__PORT") == METRICS_PORTS.get(process.kind)
    if process.kind in METRICS_PORTS:
        assert not is_loopback(settings.metrics.host), "Prometheus and the probes come from outside the container"
    serves = {"web": settings.web, "ingest push": settings.push}.get(process.kind)
    if serves:
        assert serves.port in process.ports
        assert not is_loopback(serves.host)


@pytest.mark.parametrize(("way", "process"), PROCESSES, ids=IDS)
def test_where_files_are_written_is_writable(way: str, process: Process) -> None:
    assert {"/tmp", "/data"} <= set(process.mounts)


def test_every_variable_named_under_deploy_is_a_setting() -> None:
    known = set(setting_names()) | NOT_SETTINGS
    datasource = (DEPLOY / "grafana/provisioning/datasources/squall.yaml").read_text()
    known |= set(re.findall(r"\$(SQUALL_CLICKHOUSE_\w+)", datasource))
    unknown = {}
    for path in sorted(DEPLOY.rglob("*")):
        if path.is_file():
            names = {name.rstrip("_") for name in re.findall(r"SQUALL_[A-Z0-9_]*[A-Z0-9]", path.read_text())}
            unknown |= {f"{path.relative_to(ROOT)}: {name}": True for name in names - known}
    assert not unknown


def test_a_misspelt_variable_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_KAFKA__BOOTSTRAP_SERVER", "kafka:9092")
    with pytest.raises(ConfigurationError, match="BOOTSTRAP_SERVER"):
        load_settings()


@pytest.mark.parametrize("path", ["feeds.example.toml", "kubernetes/overlays/example/feeds.toml"])
def test_the_feeds_of_the_examples_can_be_read(path: str) -> None:
    from squall.ingest.rss.feed import Feed

    feeds = tomllib.loads((DEPLOY / path).read_text())["feeds"]
    assert feeds
    assert all(Feed(**feed).url.startswith("https://") for feed in feeds)
