"""Settings: variables over TOML over defaults, mistakes named, secrets kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from squall.core.config.settings import load_settings, redact_url
from squall.core.errors import ConfigurationError

SECRET = "hunter2"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_everything_has_a_default() -> None:
    settings = load_settings()
    assert settings.kafka.bootstrap_servers == ""
    assert settings.store_url == f"chdb://{Path('squall-data/chdb').resolve()}"
    assert settings.outbox == Path("squall-data/outbox")


@pytest.mark.usefixtures("folder")
def test_a_variable_changes_one_nested_value_and_leaves_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_KAFKA__BOOTSTRAP_SERVERS", "one:9092,two:9092")
    monkeypatch.setenv("SQUALL_ALERTS__FROM", "squall@bank.example")
    monkeypatch.setenv("SQUALL_ALERTS__TO", '["risk@bank.example", "desk@bank.example"]')
    settings = load_settings()
    assert settings.kafka.bootstrap_servers == "one:9092,two:9092"
    assert settings.kafka.group_id == "squall"
    assert settings.alerts.sender == "squall@bank.example"
    assert settings.alerts.to == ("risk@bank.example", "desk@bank.example")


def test_variables_win_over_squall_toml_which_wins_over_defaults(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "squall.toml").write_text('[kafka]\ngroup_id = "file"\ndocuments_topic = "file.documents"\n')
    monkeypatch.setenv("SQUALL_KAFKA__GROUP_ID", "variable")
    kafka = load_settings().kafka
    assert (kafka.group_id, kafka.documents_topic, kafka.partitions) == ("variable", "file.documents", 4)


def test_squall_config_names_another_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "squall.toml").write_text('data_dir = "unread"\n')
    (folder / "other.toml").write_text('data_dir = "other"\n')
    monkeypatch.setenv("SQUALL_CONFIG", str(folder / "other.toml"))
    assert load_settings().data_dir == Path("other")
    monkeypatch.setenv("SQUALL_CONFIG", str(folder / "missing.toml"))
    with pytest.raises(ConfigurationError, match=r"SQUALL_CONFIG names .*missing\.toml"):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("SQUALL_KAFKA__BOOTSTRAP_SERVER", "x:1", r"kafka\.bootstrap_server \(SQUALL_KAFKA__BOOTSTRAP_SERVER\): is not a setting"),
        ("SQUALL_KAFFKA__GROUP_ID", "x", r"SQUALL_KAFFKA__GROUP_ID: kaffka is not a section.*kafka"),
        ("SQUALL_STORE__RETENTION_DAYS", "0", r"store\.retention_days \(SQUALL_STORE__RETENTION_DAYS\): .*greater than 0"),
        ("SQUALL_STORE__RETENTION_DAYS", "many", r"store\.retention_days .*valid integer"),
        ("SQUALL_MODEL__PRECISION", "fp8", r"model\.precision .*'fp32'"),
        ("SQUALL_ALERTS__TO", "risk@bank.example", r"SQUALL_ALERTS__TO: .*JSON.*\[\"one\", \"two\"\]"),
        ("SQUALL_KAFKA", "host:9092", r"SQUALL_KAFKA: .*JSON"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_mistake_in_a_variable_names_it(monkeypatch: pytest.MonkeyPatch, variable: str, value: str, complaint: str) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=complaint):
        load_settings()


@pytest.mark.usefixtures("folder")
def test_variables_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_WEB_SERVICE_HOST", "10.0.0.1")  # Kubernetes, beside a service called squall-web
    monkeypatch.setenv("SQUALL_TEST_KAFKA", "127.0.0.1:9092")
    assert load_settings().web.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("[kafka]\ngroup = 'x'\n", r"kafka\.group \(SQUALL_KAFKA__GROUP\): is not a setting"),
        ("[kaffka]\n", r"kaffka \(SQUALL_KAFFKA\): is not a setting"),
        ("[kafka\n", r"squall\.toml: .*line 1"),
    ],
)
def test_a_mistake_in_the_file_names_the_key_or_the_line(folder: Path, toml: str, complaint: str) -> None:
    (folder / "squall.toml").write_text(toml)
    with pytest.raises(ConfigurationError, match=complaint):
        load_settings()


@pytest.mark.usefixtures("folder")
def test_settings_do_not_change_after_the_start() -> None:
    settings = load_settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.kafka.group_id = "other"  # type: ignore[misc]


@pytest.mark.usefixtures("folder")
def test_secrets_show_in_no_printout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_STORE__URL", f"clickhouses://squall:{SECRET}@host:9440/squall")
    monkeypatch.setenv("SQUALL_ALERTS__SMTP_PASSWORD", SECRET)
    monkeypatch.setenv("SQUALL_PUSH__TOKEN", SECRET)
    monkeypatch.setenv("SQUALL_WEB__TOKEN", SECRET)
    settings = load_settings()
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.store), repr(settings.model_dump())):
        assert SECRET not in shown
    assert SECRET in settings.store_url


@pytest.mark.parametrize("variable", ["SQUALL_STORE__PASSWORD", "SQUALL_STORE", "SQUALL_ALERTS__SMTP_PASWORD", "SQUALL_STORRE__PASSWORD"])
@pytest.mark.usefixtures("folder")
def test_a_secret_in_a_misspelt_variable_shows_in_no_error(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, SECRET)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in str(error)
        error = None if error.__suppress_context__ else error.__context__


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("clickhouse://squall:hunter2@host:9000/db", "clickhouse://squall:***@host:9000/db"),
        ("clickhouse://squall:hunter2@with@host/db", "clickhouse://squall:***@host/db"),
        ("clickhouse://squall:hunter2/slash@host:9000/db", "clickhouse://squall:***@host:9000/db"),
        ("clickhouse://squall:hunter2#hash@host:9000/db", "clickhouse://squall:***@host:9000/db"),
        ("clickhouse://:hunter2@host", "clickhouse://:***@host"),
        ("clickhouse://squall@host:9000/db", "clickhouse://squall@host:9000/db"),
        ("clickhouse://host:9000/db", "clickhouse://host:9000/db"),
        ("chdb:///data/a:b@c", "chdb:///data/a:b@c"),
        ("clickhouse://u:hunter2@[broken", "clickhouse://u:***@[broken"),
        ("", ""),
    ],
)
def test_a_redacted_url_keeps_all_but_the_password(url: str, shown: str) -> None:
    assert redact_url(url) == shown
