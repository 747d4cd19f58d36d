"""`squall alerts` over a real store: opened by the command itself, and through the node that has it open."""

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes

import pytest
from typer.testing import CliRunner

from squall import storage
from squall.cli.alerts import app
from squall.cli.alerts.arguments import parse_duration
from squall.core.errors import ConfigurationError, SquallError, StoreLockedError
from squall.core.records import AlertState, SeriesKind
from squall.storage.rows.alerting import Notification
from tests.integration.storage.samples import NOW, alert, scored
from tests.support.squall_process import SquallProcess, wait_until

FIRING = alert(1, AlertState.FIRING, topic="$AAPL", kind=SeriesKind.SYMBOL, fired_at=NOW, test="burst", expected_low=0.0, expected_high=4.0)
OTHER = alert(2, AlertState.FIRING, fired_at=NOW)


@pytest.fixture(scope="module", params=["store", "page"])
def folder(request, tmp_path_factory):
    """A data folder with two alerts, a document about $AAPL, and a message about both alerts; for `page` a node has it open."""
    folder = tmp_path_factory.mktemp("data")
    filled(folder)
    if request.param == "store":
        yield folder
        return
    node = page_process(folder)
    yield folder
    node.stop()
    assert not note(folder).exists()


def page_process(folder, **settings):
    """A process that serves the live page over the folder's store, and so has it open."""
    node = SquallProcess(folder / "web.log", "web", DATA_DIR=str(folder), STORE__URL=url(folder), WEB__PORT="0", **settings)
    wait_until(note(folder).exists, 60, "the page", node.log)
    return node


def url(folder):
    return f"chdb://{folder / 'chdb'}?max_threads=1"


def note(folder):
    return folder / "chdb.page.json"


def filled(folder):
    store = storage.open(url(folder))
    store.schema.migrate()
    store.alerts.write([FIRING, OTHER])
    store.documents.insert([scored(1, NOW - timedelta(minutes=5), symbols=("AAPL",)), scored(2, NOW - timedelta(minutes=5))], token="a")
    sent = Notification("n1-desk", "g", "more firing", "queued", 2, "HTTP 503", b"{}", NOW, NOW, "desk", (FIRING.id, OTHER.id))
    store.notifications.write([sent])
    store.close()


@pytest.fixture
def run(folder, monkeypatch):
    """Invoke `squall alerts …` and return what it printed; its errors are raised."""
    monkeypatch.setenv("SQUALL_DATA_DIR", str(folder))
    monkeypatch.setenv("SQUALL_STORE__URL", url(folder))
    monkeypatch.setenv("USER", "ann")
    monkeypatch.setenv("LOGNAME", "ann")

    def invoke(*arguments, code=0):
        result = CliRunner().invoke(app, [*arguments], catch_exceptions=True)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        return result.stdout

    return invoke


def test_alerts_are_listed_for_people_and_for_programs(run):
    assert "$AAPL" in run("list")
    assert {row["id"] for row in json.loads(run("list", "--state", "firing", "--json"))} == {FIRING.id, OTHER.id}
    assert run("list", "--state", "resolved") == "no alerts\n"


def test_an_alert_is_explained_with_its_notifications(run):
    shown = run("show", FIRING.id)
    assert "$AAPL (symbol)" in shown
    assert "usually 0 to 4" in shown
    assert "Title 1" in shown
    assert "Title 2" not in shown
    assert "notification to desk: more firing, queued" in shown
    assert "HTTP 503" in shown
    found = json.loads(run("show", FIRING.id, "--json"))
    assert (found["kind"], found["test"], found["expected_high"]) == ("symbol", "burst", 4.0)
    assert [row["receiver"] for row in found["notifications"]] == ["desk"]
    assert [row["title"] for row in found["documents"]] == ["Title 1"]


def test_an_alert_that_is_not_there_or_not_one_only_is_an_error(run):
    with pytest.raises(SquallError, match="no alert id begins with 'ffff'"):
        run("show", "ffff")
    with pytest.raises(SquallError, match="2 alert ids begin with"):
        run("ack", "0000")


def test_an_acknowledgement_is_stored_and_shown(run):
    assert "acknowledged by ann" in run("ack", OTHER.id, "--note", "on it")
    assert "acknowledged by bob" in run("ack", OTHER.id, "--author", "bob", "--note", "mine")
    (row,) = json.loads(run("show", OTHER.id, "--json"))["acknowledgements"]
    assert (row["author"], row["note"]) == ("bob", "mine")
    assert "acknowledged by bob" in run("show", OTHER.id)


def test_a_silence_is_made_listed_and_ended(run):
    before = datetime.now(UTC) - timedelta(seconds=1)
    made = json.loads(
        run("silence", "--match", "topic='Energy*'", "--match", "SEVERITY=warning", "--for", "1h30m", "--reason", "OPEC", "--json")
    )
    assert made["matchers"] == ["topic=Energy*", "severity=warning"]
    (row,) = json.loads(run("silence", "--list", "--json"))
    assert row["id"] == made["id"]
    starts, ends = (datetime.fromisoformat(row[key]) for key in ("starts_at", "ends_at"))
    assert (row["author"], row["reason"], ends - starts) == ("ann", "OPEC", timedelta(minutes=90))
    assert starts > before
    assert "topic=Energy*, severity=warning  (ann: OPEC)" in run("silence", "--list")
    run("silence", "--end", row["id"][:6])
    assert run("silence", "--list") == "no silences\n"
    with pytest.raises(SquallError, match="no active silence"):
        run("silence", "--end", row["id"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "exactly one of --match, --list and --end"),
        (["--match", "topic=a", "--list"], "exactly one of --match, --list and --end"),
        (["--match", "topic=a", "--reason", "x"], "needs a duration"),
        (["--match", "topic=a", "--for", "2h"], "needs a reason"),
        (["--match", "topic=a", "--for", "soon", "--reason", "x"], "'soon' is not a duration"),
        (["--match", "colour=red", "--for", "2h", "--reason", "x"], "no label 'colour'"),
        (["--match", "Energy", "--for", "2h", "--reason", "x"], "not a matcher"),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused_with_what_to_write(run, arguments, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        run("silence", *arguments)
    assert caught.value.hint


@pytest.mark.parametrize(("text", "minutes"), [("30m", 30), ("2h", 120), (" 1D ", 1440), ("1d12h", 2160), ("1h30m", 90)])
def test_durations_are_read_as_people_write_them(text, minutes):
    assert parse_duration(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "2", "h", "0m", "-1h", "2 hours", "400d", "9" * 30 + "d", "1m1h"])
def test_other_durations_are_refused_with_an_example(text):
    with pytest.raises(ConfigurationError, match="not a duration") as caught:
        parse_duration(text)
    assert "1d12h" in caught.value.hint


def test_a_sample_goes_to_every_receiver_or_the_one_that_is_named(run, folder):
    found = json.loads(run("test", "--json"))
    assert [(row["receiver"], row["sent"]) for row in found["results"]] == [("default", True)]
    (path,) = (folder / "outbox").glob("*.eml")
    assert "Squall" in message_from_bytes(path.read_bytes())["Subject"]
    with pytest.raises(ConfigurationError, match="no receiver 'desk'") as caught:
        run("test", "--receiver", "desk")
    assert "default" in caught.value.hint


def test_a_receiver_that_can_not_be_reached_is_named_and_the_others_get_theirs(run, monkeypatch):
    desk = {"name": "desk", "url": "http://127.0.0.1:9/", "timeout_seconds": 2}
    monkeypatch.setenv("SQUALL_ALERTS__RECEIVERS", json.dumps([desk]))
    printed = run("test", code=1)
    assert "default: sent" in printed
    assert "desk: webhook http://127.0.0.1:9 does not answer" in printed


def test_without_a_store_it_says_so(run, monkeypatch, tmp_path):
    monkeypatch.setenv("SQUALL_STORE__URL", url(tmp_path / "none"))
    with pytest.raises(SquallError, match="there is no store"):
        run("list")


@pytest.mark.slow
def test_a_page_with_a_token_wants_it_and_a_killed_one_is_not_asked(run, tmp_path, monkeypatch):
    filled(tmp_path)
    monkeypatch.setenv("SQUALL_STORE__URL", url(tmp_path))
    monkeypatch.setenv("SQUALL_DATA_DIR", str(tmp_path))
    node = page_process(tmp_path, WEB__TOKEN="a-long-random-string")
    try:
        with pytest.raises(ConfigurationError, match="requires its token") as caught:
            run("list")
        assert "SQUALL_WEB__TOKEN" in caught.value.hint
        monkeypatch.setenv("SQUALL_WEB__TOKEN", "a-long-random-string")
        assert "$AAPL" in run("list")
        left = json.loads(note(tmp_path).read_text())
        note(tmp_path).write_text(json.dumps({**left, "pid": left["pid"] + 1}))
        with pytest.raises(StoreLockedError, match="in use by process"):  # the address is of another process: any process may have it now
            run("list")
        note(tmp_path).unlink()
        with pytest.raises(StoreLockedError, match="in use by process"):  # as when its owner serves no page
            run("list")
    finally:
        node.kill()
    note(tmp_path).write_text('{"url": "http://127.0.0.1:9/"}')  # what a killed node leaves
    assert "$AAPL" in run("list")
