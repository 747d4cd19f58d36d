"""Settings: variables over TOML over defaults, mistakes named, secrets kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from squall.core.config.loading import load_settings
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


def test_the_option_config_comes_before_the_variable_and_is_named_when_its_file_is_missing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "given.toml").write_text('data_dir = "given"\n')
    monkeypatch.setenv("SQUALL_CONFIG", str(folder / "missing.toml"))
    assert load_settings(folder / "given.toml").data_dir == Path("given")
    with pytest.raises(ConfigurationError, match=r"--config names .*nope\.toml") as caught:
        load_settings(folder / "nope.toml")
    assert "SQUALL_CONFIG" not in str(caught.value)


def test_overrides_come_first_and_leave_the_rest_of_their_section(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "squall.toml").write_text('data_dir = "file"\n[kafka]\ngroup_id = "file"\npartitions = 7\n')
    monkeypatch.setenv("SQUALL_DATA_DIR", "variable")
    settings = load_settings(overrides={"data_dir": folder, "kafka": {"group_id": "override"}})
    assert settings.data_dir == folder
    assert (settings.kafka.group_id, settings.kafka.partitions) == ("override", 7)


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        (
            "SQUALL_KAFKA__BOOTSTRAP_SERVER",
            "x:1",
            r"kafka\.bootstrap_server \(SQUALL_KAFKA__BOOTSTRAP_SERVER\): is not a setting; did you mean bootstrap_servers\?",
        ),
        ("SQUALL_KAFFKA__GROUP_ID", "x", r"SQUALL_KAFFKA__GROUP_ID: kaffka is not a section.*did you mean SQUALL_KAFKA__GROUP_ID\?"),
        ("SQUALL_STORE__RETENTION_DAYS", "0", r"store\.retention_days \(SQUALL_STORE__RETENTION_DAYS\): .*greater than 0"),
        ("SQUALL_STORE__RETENTION_DAYS", "many", r"store\.retention_days .*valid integer"),
        ("SQUALL_MODEL__PRECISION", "fp8", r"model\.precision .*'fp32'"),
        ("SQUALL_ALERTS__TO", "risk@bank.example", r"SQUALL_ALERTS__TO: .*JSON.*\[\"one\", \"two\"\]"),
        ("SQUALL_INGEST__SECRETS", "hunter2", r"SQUALL_INGEST__SECRETS: .*JSON.*a mapping as \{\"name\": \"value\"\}"),
        (
            "SQUALL_INGEST__SECRETS",
            '["hunter2"]',
            r"ingest\.secrets \(SQUALL_INGEST__SECRETS\): must be a mapping: \{\"name\": \"value\"\}",
        ),
        ("SQUALL_KAFKA", "host:9092", r"SQUALL_KAFKA: .*JSON"),
        ("SQUALL_KAFKA_GROUP_ID", "x", r"SQUALL_KAFKA_GROUP_ID is not a setting; did you mean SQUALL_KAFKA__GROUP_ID\?"),
        ("SQUALL_ALOW_PLAINTEXT", "true", r"SQUALL_ALOW_PLAINTEXT is not a setting; did you mean SQUALL_ALLOW_PLAINTEXT\?"),
        ("SQUALL_DATADIR", "x", r"SQUALL_DATADIR is not a setting; did you mean SQUALL_DATA_DIR\?"),
        (
            "SQUALL_ALERTS__RECEIVERS",
            '[{"nmae": "x", "to": ["a@b"]}]',
            r"alerts\.receivers\.0\.nmae \(SQUALL_ALERTS__RECEIVERS\).*did you mean name\?",
        ),
        ("SQUALL_KAFKA__BOOTSTRAP_SERVERS", "kafka://broker:9092", r"kafka\.bootstrap_servers .*without a scheme and without a login"),
        ("SQUALL_ZZZ__GROUP_ID", "x", r"SQUALL_ZZZ__GROUP_ID: zzz is not a section of the settings \("),
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
    monkeypatch.setenv("SQUALL_WEB_SERVICE_PORT_HTTP", "80")
    monkeypatch.setenv("SQUALL_WEB_PORT", "tcp://10.0.0.10:80")
    monkeypatch.setenv("SQUALL_PUSH_PORT_8088_TCP_ADDR", "10.0.0.10")
    monkeypatch.setenv("SQUALL_TEST_KAFKA", "127.0.0.1:9092")
    monkeypatch.setenv("SQUALL_GRAFANA_TOKEN", "x")
    monkeypatch.setenv("SQUALL_VERSION", "1")
    assert load_settings().web.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ("[kafka]\ngroup = 'x'\n", r"kafka\.group \(SQUALL_KAFKA__GROUP\): is not a setting; did you mean group_id\?"),
        ("[kaffka]\n", r"kaffka \(SQUALL_KAFFKA\): is not a setting; did you mean kafka\?"),
        ("[[alerts.routes]]\nreciever = 'desk'\n", r"alerts\.routes\.0\.reciever .*did you mean receiver\?"),
        (
            "[[alerts.routes]]\nreceiver = 'default'\nquiet = {strat = '22:00', end = '06:00'}\n",
            r"alerts\.routes\.0\.quiet\.strat .*did you mean start\?",
        ),
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
    monkeypatch.setenv("SQUALL_PUSH__TOKENS", f'[{{"name": "desk", "token": "{SECRET * 3}", "sources": ["*"]}}]')
    monkeypatch.setenv("SQUALL_WEB__TOKEN", SECRET)
    settings = load_settings()
    for shown in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.store), repr(settings.model_dump())):
        assert SECRET not in shown
    assert SECRET in settings.store_url


@pytest.mark.usefixtures("folder")
def test_a_login_in_the_bootstrap_servers_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SQUALL_KAFKA__BOOTSTRAP_SERVERS", f"squall:{SECRET}@broker:9092")
    with pytest.raises(ConfigurationError, match="SQUALL_KAFKA__PASSWORD") as caught:
        load_settings()
    assert SECRET not in str(caught.value)


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
