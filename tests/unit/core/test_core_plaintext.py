"""Which links may be in plaintext, and what of the security settings belongs together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from squall.alerts.notification.receivers import open_receivers
from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.kafka.client import client_arguments
from squall.stream.drivers.faust.credentials import credentials


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


LINKS: list[tuple[dict[str, Any], str]] = [
    ({"kafka": {"bootstrap_servers": "127.0.0.1:9092,kafka.example:9092"}}, "SQUALL_KAFKA__SECURITY=tls"),
    (
        {"kafka": {"bootstrap_servers": "kafka:9092", "security": "sasl_plaintext", "username": "u", "password": "p"}},
        "SQUALL_KAFKA__SECURITY=tls",
    ),
    ({"store": {"url": "clickhouse://squall:pw@db.example/default"}}, "clickhouses://"),
    ({"alerts": {"smtp_host": "mail.example"}}, "SQUALL_ALERTS__SMTP_SECURITY=starttls"),
    ({"alerts": {"receivers": [{"name": "desk", "url": "http://desk.example/hook"}]}}, "https://"),
]


def open_all(settings: Settings) -> None:
    if settings.kafka.bootstrap_servers:
        client_arguments(settings.kafka, allow_plaintext=settings.allow_plaintext)
        credentials(settings.kafka, allow_plaintext=settings.allow_plaintext)
    assert settings.store_url
    open_receivers(settings, SystemClock())


@pytest.mark.parametrize(("given", "instead"), LINKS)
@pytest.mark.usefixtures("folder")
def test_a_link_in_plaintext_to_another_machine_is_refused_and_both_ways_out_are_named(given: dict[str, Any], instead: str) -> None:
    with pytest.raises(ConfigurationError, match="in plaintext") as caught:
        open_all(load_settings(overrides=given))
    assert instead in caught.value.hint
    assert "SQUALL_ALLOW_PLAINTEXT=true" in caught.value.hint
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(("given", "instead"), LINKS)
@pytest.mark.usefixtures("folder")
def test_it_is_opened_when_the_setting_allows_plaintext(given: dict[str, Any], instead: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_ALLOW_PLAINTEXT", "true")
    allowed = load_settings(overrides=given)
    open_all(allowed)


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"security": "sasl_tls"}, ["SQUALL_KAFKA__USERNAME", "SQUALL_KAFKA__PASSWORD"]),
        ({"security": "sasl_tls", "username": "u"}, ["SQUALL_KAFKA__PASSWORD"]),
        ({"security": "tls", "username": "u", "password": "hunter2"}, ["SQUALL_KAFKA__SECURITY=sasl_tls"]),
        ({"security": "tls", "certificate_file": "{file}"}, ["SQUALL_KAFKA__KEY_FILE"]),
        ({"security": "tls", "key_file": "{file}"}, ["SQUALL_KAFKA__CERTIFICATE_FILE"]),
        ({"security": "tls", "key_password": "hunter2"}, ["SQUALL_KAFKA__KEY_FILE"]),
        ({"ca_file": "{file}"}, ["SQUALL_KAFKA__SECURITY=tls"]),
        ({"security": "tls", "ca_file": "/missing.pem"}, ["SQUALL_KAFKA__CA_FILE", "/missing.pem is not a file"]),
        ({"security": "ssl_tls"}, ["SQUALL_KAFKA__SECURITY"]),
        (
            {"security": "SASL_SSL", "username": "u", "password": "p", "sasl_mechanism": "OAUTHBEARER"},
            ["SQUALL_KAFKA__OAUTH_TOKEN_URL"],
        ),
        ({"oauth_token_url": "https://id.example"}, ["SQUALL_KAFKA__SASL_MECHANISM=OAUTHBEARER"]),
        ({"oauth_token_url": "id.example"}, ["SQUALL_KAFKA__OAUTH_TOKEN_URL", "begins with https://"]),
    ],
)
def test_security_settings_that_do_not_go_together_are_refused_by_name(given: dict[str, str], names: list[str], folder: Path) -> None:
    file = folder / "x.pem"
    file.write_text("x")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(overrides={"kafka": {name: value.format(file=file) for name, value in given.items()}})
    assert all(name in str(caught.value) for name in names)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "full"),
    [
        ("clickhouses://squall@db:9440/x?verify=1", "clickhouses://squall:p%2F%40s%20s@db:9440/x?verify=1"),
        ("clickhouses://db/x", "clickhouses://default:p%2F%40s%20s@db/x"),
        ("clickhouses://squall:known@db/x", "clickhouses://squall:known@db/x"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_the_password_of_the_store_may_come_from_a_setting_of_its_own(url: str, full: str) -> None:
    settings = load_settings(overrides={"store": {"url": url, "password": "p/@s s"}})
    assert settings.store_url == full
    assert "p/@s" not in repr(settings)


@pytest.mark.usefixtures("folder")
def test_a_store_password_that_would_be_ignored_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="SQUALL_STORE__PASSWORD"):
        load_settings(overrides={"store": {"url": "chdb:///x", "password": "hunter2"}})


def test_settings_come_from_files_in_any_case_and_the_environment_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = folder / "secrets"
    secrets.mkdir()
    (secrets / "SQUALL_WEB__TOKEN").write_text("from a file\n")
    (secrets / "squall_alerts__smtp_password").write_text("from a file")
    (secrets / "squall_alerts__receivers").write_text('[{"name": "desk", "url": "https://x.example", "secret": "signed"}]\n')
    (secrets / "db_password").write_text("another owner's")
    (secrets / "..data").mkdir()
    monkeypatch.setenv("SQUALL_SECRETS_DIR", str(secrets))
    monkeypatch.setenv("SQUALL_ALERTS__SMTP_PASSWORD", "from the environment")
    settings = load_settings()
    assert settings.web.token.get_secret_value() == "from a file"
    assert settings.alerts.smtp_password.get_secret_value() == "from the environment"
    assert settings.alerts.receivers[0].secret.get_secret_value() == "signed"


def test_a_secret_file_that_is_wrong_is_named_and_not_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_SECRETS_DIR", str(folder / "missing"))
    with pytest.raises(ConfigurationError, match="SQUALL_SECRETS_DIR"):
        load_settings()
    monkeypatch.setenv("SQUALL_SECRETS_DIR", str(folder))
    for name, content, named in (
        ("SQUALL_WEB__TOKKEN", b"hunter2", "SQUALL_WEB__TOKKEN"),
        ("SQUALL_WEBB__TOKEN", b"hunter2", "webb"),
        ("SQUALL_WEB__TOKEN", b"hunter2\xff", "SQUALL_WEB__TOKEN"),
        ("SQUALL_KAFKA", b"{hunter2", "SQUALL_KAFKA"),
    ):
        file = folder / name
        file.write_bytes(content)
        with pytest.raises(ConfigurationError) as caught:
            load_settings()
        file.unlink()
        assert named in str(caught.value)
        assert "hunter2" not in str(caught.value)
