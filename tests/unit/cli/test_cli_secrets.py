"""No command prints a password, a key or the path of a webhook; foreign text does not steer the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from squall import storage
from squall.cli.main import app
from squall.cli.output import echo
from squall.core.config.loading import load_settings
from squall.core.errors import ConfigurationError, SquallError
from squall.ingest.cursors import CursorStore

SECRET = "hunter2"
RECEIVERS = [
    {"name": "slack", "url": f"https://hooks.slack.com/services/T0/B0/{SECRET}", "secret": SECRET},
    {"name": "chat", "channel": "slack", "url": f"https://hooks.slack.com/services/T0/B0/{SECRET}"},
    {"name": "pager", "channel": "pagerduty", "secret": SECRET},
    {"name": "bot", "channel": "telegram", "secret": SECRET, "chat": "1"},
    {"name": "ticket", "url": "https://desk.example.com", "headers": {"Authorization": f"Bearer {SECRET}"}},
    {"name": "teams", "url": f"https://user:{SECRET}@teams.example.com/webhook?sig={SECRET}#{SECRET}"},
]
STORES = [
    f"clickhouse://squall:{SECRET}@127.0.0.1:1/default",
    f"clickhouse://127.0.0.1:1/default?password={SECRET}",
    f"clickhouse://127.0.0.1:1/default?{SECRET}",
    f"clickhouse://squall:{SECRET}/x@127.0.0.1:1/default",
    f"clickhouse://squall:{SECRET}@[broken",
    f"clickhouse://squall:{SECRET}\uff20127.0.0.1:1/default",
    f"clickhouse:squall:{SECRET}@127.0.0.1",
    f"http://squall:{SECRET}@127.0.0.1:1",
    f"chdb://{SECRET}@host/folder",
    f"chdb:///tmp/none?password={SECRET}",
]


@pytest.mark.parametrize("arguments", [["settings"], ["settings", "--json"], ["settings", "--changed"]])
def test_the_settings_show_of_webhooks_and_links_no_secret(arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SQUALL_ALERTS__RECEIVERS", json.dumps(RECEIVERS))
    monkeypatch.setenv("SQUALL_ALERTS__HEARTBEAT__URL", f"https://hc-ping.com/{SECRET}")
    monkeypatch.setenv("SQUALL_ALERTS__LINK_BASE", f"https://page.example.com/?token={SECRET}")
    monkeypatch.setenv("SQUALL_INGEST__USER_AGENT", f"desk (+https://desk.example.com/?key={SECRET})")
    monkeypatch.setenv("SQUALL_WEB__TOKEN", f"a://{SECRET}")
    shown = CliRunner().invoke(app, arguments)
    assert shown.exit_code == 0
    assert SECRET not in shown.output
    assert "https://hooks.slack.com/***" in shown.output
    assert "teams.example.com" in shown.output
    assert SECRET not in repr(load_settings())


@pytest.mark.parametrize("url", STORES)
@pytest.mark.parametrize("command", [["store", "status"], ["store", "migrate"], ["alerts", "list"], ["doctor", "--json"]])
def test_no_command_shows_what_is_secret_in_the_url_of_a_store(
    command: list[str], url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("squall.app.doctor._examine_model", lambda *_: (_ for _ in ()).throw(SquallError("no model here")))
    monkeypatch.setenv("SQUALL_STORE__URL", url)
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code != 0
    assert SECRET not in shown.output
    assert shown.exception is None or isinstance(shown.exception, SquallError | SystemExit), repr(shown.exception)
    assert SECRET not in repr(shown.exception)
    assert SECRET not in str(shown.exception)


@pytest.mark.parametrize("url", STORES)
def test_no_error_of_the_library_shows_it(url: str) -> None:
    with pytest.raises(SquallError) as caught:
        storage.open(url, timeout_seconds=0.2, create=False).ping()
    assert SECRET not in str(caught.value)


def test_the_name_of_a_cursor_file_holds_no_secret_and_tells_two_keys_apart(tmp_path: Path) -> None:
    store = CursorStore(tmp_path / "data" / "cursors")
    names = [f"rss:https://u:{SECRET}{key}@host/feed?api_key={SECRET}{key}" for key in "ab"]
    paths = [store.path(name) for name in names]
    assert paths[0] != paths[1]
    assert all(SECRET not in path.name and "host" in path.name for path in paths)
    for name in names:
        store.save(name, {"name": name[-1]})
    assert [store.load(name) for name in names] == [{"name": "a"}, {"name": "b"}]
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_what_a_command_prints_can_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    echo("title \x1b]0;owned\x07\x1b[2J\x9b31m\rforged\u202e\n\tnext")
    assert capsys.readouterr().out == "title \\u001b]0;owned\\u0007\\u001b[2J\\u009b31m\\u000dforged\\u202e\n\tnext\n"


def test_a_wrong_value_is_named_without_its_content(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for receivers in ([{"name": "desk", "url": f"ftp://{SECRET}"}], [{"name": "desk", "url": f"https://h/{SECRET} x"}], SECRET):
        monkeypatch.setenv("SQUALL_ALERTS__RECEIVERS", json.dumps(receivers))
        with pytest.raises(ConfigurationError) as caught:
            load_settings()
        assert SECRET not in str(caught.value)
        assert caught.value.__cause__ is None
