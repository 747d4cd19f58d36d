"""No secret shows: not in output, logs, errors, `doctor`, JSON, or the process list."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, load_pem_private_key
from pydantic import BaseModel, SecretStr

from squall.core.config.loading import load_settings
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from tests.support.apache_kafka.cluster import ApacheKafka
from tests.support.certificates import Authorities
from tests.support.gateway_process import GatewayProcess
from tests.support.tls_end import TlsEnd

ROOT = Path(__file__).resolve().parents[3]
SECONDS = 60


def secrets_in(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every secret, `*` for an item of a list."""
    for name, field in model.model_fields.items():
        yield from _secrets_of(field.annotation, (*path, name))


def _secrets_of(kind: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if kind is SecretStr:
        yield path
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        yield from secrets_in(kind, path)
    for inner in typing.get_args(kind):
        yield from _secrets_of(inner, (*path, "*") if typing.get_origin(kind) is tuple else path)


def planted() -> dict[str, str]:
    """A value of its own for every secret, by variable."""
    paths = dict.fromkeys(secrets_in(Settings))
    return {"SQUALL_" + "__".join(path).upper(): f"planted{number}x{'Zq' * 4}" for number, path in enumerate(paths)}


@pytest.fixture
def environment(authorities: Authorities, tmp_path: Path) -> dict[str, str]:
    """Every secret set, and what must be set beside them; the servers are added by the tests."""
    secrets = planted()
    certificate, key = authorities.ours.issue("squall")
    locked = tmp_path / "locked.key"
    private = load_pem_private_key(key.read_bytes(), None)
    password = BestAvailableEncryption(secrets["SQUALL_KAFKA__KEY_PASSWORD"].encode())
    locked.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, password))
    headers = {"Authorization": f"Bearer {secrets.pop('SQUALL_ALERTS__RECEIVERS__*__HEADERS')}"}
    hook = {
        "name": "desk",
        "url": "https://127.0.0.1:1/x",
        "secret": secrets.pop("SQUALL_ALERTS__RECEIVERS__*__SECRET"),
        "headers": headers,
    }
    pager = {"name": "pager", "channel": "pagerduty", "url": "https://127.0.0.1:1", "secret": hook["secret"]}
    bot = {"name": "bot", "channel": "telegram", "url": "https://127.0.0.1:1", "secret": hook["secret"], "chat": "1"}
    receivers = [hook, pager, bot]
    tokens = [{"name": "desk", "token": secrets.pop("SQUALL_PUSH__TOKENS__*__TOKEN"), "sources": ["*"]}]
    named = {"feed": secrets.pop("SQUALL_INGEST__SECRETS")}
    url = secrets["SQUALL_STORE__URL"]
    return secrets | {
        "SQUALL_PUSH__TOKENS": json.dumps(tokens),
        "SQUALL_ALERTS__RECEIVERS": json.dumps(receivers),
        "SQUALL_INGEST__SECRETS": json.dumps(named),
        "SQUALL_STORE__URL": f"clickhouse://nobody:{url}@127.0.0.1:1/default",
        "SQUALL_ALERTS__HEARTBEAT__URL": f"https://127.0.0.1:1/{secrets['SQUALL_ALERTS__HEARTBEAT__URL']}",
        "SQUALL_KAFKA__SECURITY": "sasl_tls",
        "SQUALL_KAFKA__USERNAME": "squall",
        "SQUALL_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "SQUALL_KAFKA__REQUEST_TIMEOUT_SECONDS": "1",
        "SQUALL_KAFKA__CA_FILE": str(authorities.ours.file),
        "SQUALL_KAFKA__CERTIFICATE_FILE": str(certificate),
        "SQUALL_KAFKA__KEY_FILE": str(locked),
        "SQUALL_ALERTS__SMTP_HOST": "127.0.0.1",
        "SQUALL_ALERTS__SMTP_PORT": "1",
        "SQUALL_ALERTS__SMTP_USER": "squall",
        "SQUALL_LOG__LEVEL": "DEBUG",
        "SQUALL_LOG__FORMAT": "json",
        "SQUALL_DATA_DIR": str(tmp_path / "data"),
    }


@pytest.fixture
def servers(environment: dict[str, str], authorities: Authorities, apache_kafka: ApacheKafka, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Servers that all refuse the secrets: a refusal has a longer message than a timeout."""
    gateway = GatewayProcess(tmp_path / "gateway")
    end = TlsEnd(authorities.ours.server_context(), gateway.port)
    url = environment["SQUALL_STORE__URL"].replace("clickhouse:", "clickhouses:").replace(":1/", f":{end.port}/")
    yield environment | {
        "SQUALL_STORE__URL": f"{url}?ca_certs={authorities.ours.file}",
        "SQUALL_KAFKA__BOOTSTRAP_SERVERS": apache_kafka.servers("SASL"),
    }
    end.close()
    gateway.kill()


def test_the_walk_finds_the_secrets_of_lists_too() -> None:
    assert {"SQUALL_KAFKA__PASSWORD", "SQUALL_STORE__URL", "SQUALL_WEB__TOKEN", "SQUALL_ALERTS__RECEIVERS__*__SECRET"} <= set(planted())
    assert {"SQUALL_ALERTS__RECEIVERS__*__HEADERS", "SQUALL_ALERTS__HEARTBEAT__URL", "SQUALL_INGEST__SECRETS"} <= set(planted())


@pytest.mark.slow
def test_no_command_shows_a_secret_in_its_output_its_logs_or_the_process_list(servers: dict[str, str], tmp_path: Path) -> None:
    news = tmp_path / "news.jsonl"
    news.write_text('{"id": 1, "title": "t", "date": "2011-08-01T00:00Z"}\n')
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SQUALL_")}
    running = {}
    for arguments in (("--help",), ("doctor", "--json"), ("settings", "--json"), ("worker",), ("ingest", "file", str(news)), ("detect",)):
        command = [sys.executable, "-m", "squall", *arguments]
        running[arguments] = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean | servers, cwd=ROOT, stdin=subprocess.DEVNULL
        )
    shown: dict[tuple[str, ...], str] = {}
    report = b""
    try:
        titles = {arguments: Path(f"/proc/{process.pid}/cmdline").read_bytes() for arguments, process in running.items()}
        for arguments, process in running.items():
            out, err = process.communicate(timeout=SECONDS)
            shown[arguments] = (out + err + titles[arguments]).decode()
            report = out if arguments[0] == "doctor" else report
    finally:
        for process in running.values():
            process.kill()
    for arguments, text in shown.items():
        assert [name for name, secret in planted().items() if secret in text] == [], arguments
    assert "refused the login" in shown["worker",]
    assert "SQUALL_KAFKA__PASSWORD" in shown["ingest", "file", str(news)]
    assert "SQUALL_STORE__PASSWORD" in shown["detect",]
    states = {check["part"]: check["state"] for check in json.loads(report)}
    assert "refused the login" in states["broker"]


def test_a_sample_to_receivers_that_do_not_answer_shows_no_secret(environment: dict[str, str], tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SQUALL_")}
    names = ("default", "desk", "pager", "bot")
    command = [sys.executable, "-m", "squall", "alerts", "test", "--all"]
    own = clean | environment | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command,
        env=own,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    shown = done.stdout + done.stderr
    assert done.returncode == 1
    assert [name for name in names if f"{name}: " not in shown] == []
    assert shown.count("does not answer") >= len(names) - 1
    assert [name for name, secret in planted().items() if secret in shown] == []


def test_settings_and_their_errors_hide_every_secret(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    named = planted()["SQUALL_INGEST__SECRETS"]
    assert settings.ingest.secrets["feed"].get_secret_value() == named
    texts = [repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump()), repr(settings.kafka)]
    wrong = [
        ("SQUALL_KAFKA__SECURITY", "tls"),
        ("SQUALL_KAFKA__KEY_FILE", "/missing"),
        ("SQUALL_STORE__RETENTION_DAYS", "x"),
        ("SQUALL_ALERTS__RECEIVERS", environment["SQUALL_ALERTS__RECEIVERS"].replace("name", "nmae")),
        ("SQUALL_WEB__PORT", "x"),
        ("SQUALL_PUSH__PORT", "x"),
        ("SQUALL_ALERTS__SMTP_PORT", "x"),
        ("SQUALL_INGEST__SECRETS", named),
        ("SQUALL_INGEST__SECRETS", json.dumps([named])),
        ("SQUALL_INGEST__SECRETS", json.dumps({"feed": [named]})),
    ]
    for name, value in wrong:
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            with pytest.raises(ConfigurationError) as caught:
                load_settings()
        texts += [str(caught.value), repr(caught.value)]
    for text in texts:
        assert [name for name, secret in planted().items() if secret in text] == [], text
