"""`squall alerts` over a real store: opened by the command itself, and through the node that has it open."""

import json
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from typer.testing import CliRunner

from squall.cli.alerts import app
from squall.cli.alerts.arguments import parse_duration
from squall.core.errors import ConfigurationError, SquallError, StoreLockedError
from squall.core.records import AlertState, SeriesKind
from squall.storage.rows.alerting import Notification
from tests.integration.storage.samples import NOW, alert, scored
from tests.support.migrated_stores import open_migrated
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
    try:
        wait_until(note(folder).exists, 120, "the page", node.log)
    except AssertionError:
        node.stop()
        raise
    return node


def url(folder):
    return f"chdb://{folder / 'chdb'}?max_threads=1"


def note(folder):
    return folder / "chdb.page.json"


def filled(folder):
    store = open_migrated(folder / "chdb")
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


def test_alerts_are_listed_by_topic_name_time_and_state_together(run):
    def found(*options):
        return {row["id"] for row in json.loads(run("list", *options, "--json"))}

    assert found("--topic", "$a*") == found("--name", "aapl") == {FIRING.id}
    assert found("--topic", "$a*", "--topic", "M&A*") == {FIRING.id, OTHER.id}
    assert found("--since", f"{NOW - timedelta(hours=1):%Y-%m-%dT%H:%MZ}", "--state", "firing", "--name", "$AAPL") == {FIRING.id}
    assert found("--since", "3d", "--topic", "M&A*") == {OTHER.id}
    assert run("list", "--since", "1m") == run("list", "--name", "nobody") == run("list", "--topic", "AAPL") == "no alerts\n"
    for wrong, words in (("soon", "--since"), ("1y", "--since")):
        with pytest.raises(ConfigurationError, match=words):
            run("list", "--since", wrong)


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
    with pytest.raises(SquallError, match="no silence that has not ended"):
        run("silence", "--end", row["id"])


def test_a_silence_starts_later_is_extended_and_shows_what_it_matches(run):
    start, end = (f"{NOW + timedelta(days=days):%Y-%m-%dT%H:%MZ}" for days in (3, 4))
    wanted = ["--match", "topic=~m&a.*|macro", "--match", "severity!=critical", "--reason", "CPI"]
    made = json.loads(run("silence", *wanted, "--from", start, "--until", end, "--json"))
    assert made["matchers"] == ["topic=~m&a.*|macro", "severity!=critical"]
    assert [row["id"] for row in made["preview"]["open"]] == [OTHER.id]
    try:
        assert f"from {NOW + timedelta(days=3):%Y-%m-%d %H:%M} until {NOW + timedelta(days=4):%Y-%m-%d %H:%M} UTC" in run(
            "silence", "--list"
        )
        run("silence", "--extend", made["id"][:6], "--for", "1d")
        (row,) = json.loads(run("silence", "--list", "--json"))
        assert datetime.fromisoformat(row["ends_at"]) == NOW + timedelta(days=5)
        assert datetime.fromisoformat(row["starts_at"]) == NOW + timedelta(days=3)
        run("silence", "--extend", made["id"], "--until", end)
        assert f"{NOW + timedelta(days=4):%Y-%m-%d %H:%M}" in run("silence", "--list")
    finally:
        run("silence", "--end", made["id"])
    assert run("silence", "--list") == "no silences\n"


def test_a_silence_that_matches_nothing_says_so_and_what_is_spelled_alike(run):
    shown = run("silence", "--match", "topic=$APPL", "--match", "kind=symbol", "--dry-run")
    assert "matches none of the last 2 alerts" in shown
    assert "topic=$APPL  matches nothing that is known; nearest: $AAPL" in shown
    assert "kind=symbol  by itself matches 1 alert; it would match symbol" in shown
    assert "matches 1 open alert and 0 resolved, of the last 2 alerts" in run("silence", "--match", "topic=$aapl", "--dry-run")
    assert run("silence", "--list") == "no silences\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "exactly one of --match, --list, --extend and --end"),
        (["--match", "topic=a", "--list"], "exactly one of --match, --list, --extend and --end"),
        (["--extend", "ab"], "either --for or --until"),
        (["--extend", "ab", "--for", "1h", "--from", "2h"], "--from needs --match"),
        (["--list", "--dry-run"], "--dry-run needs --match"),
        (["--extend", "ab", "--for", "1h", "--until", "2030-01-01"], "either --for or --until"),
        (["--match", "topic=a", "--for", "2h", "--until", "2030-01-01", "--reason", "x"], "a duration or an end"),
        (["--match", "topic=~(a", "--for", "2h", "--reason", "x"], "regular expression is not valid"),
        (["--match", "topic=a", "--reason", "x"], "needs a duration or an end"),
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


def test_a_sample_goes_where_the_routes_lead_or_to_the_receiver_that_is_named(run, folder):
    found = json.loads(run("test", "--json"))
    assert [(row["receiver"], row["sent"]) for row in found["results"]] == [("default", True)]
    (path,) = (folder / "outbox").glob("*.eml")
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert "(test message)" in mail["Subject"]
    assert "Financials (test message)" in mail.get_body(("plain",)).get_content()
    with pytest.raises(ConfigurationError, match="no receiver 'desk'") as caught:
        run("test", "--receiver", "desk")
    assert "default" in caught.value.hint
    path.unlink()


@pytest.fixture
def routed(monkeypatch):
    """A desk for energy, which never answers, and quiet hours all day for it."""
    desk = {"name": "desk", "url": "http://127.0.0.1:9/", "timeout_seconds": 2}
    route = {"receiver": "desk", "topics": ["Energy*"], "quiet": {"start": "00:00", "end": "00:00"}}
    monkeypatch.setenv("SQUALL_ALERTS__RECEIVERS", json.dumps([desk]))
    monkeypatch.setenv("SQUALL_ALERTS__ROUTES", json.dumps([route, {"receiver": "default", "kinds": ["topic"]}]))


def test_a_dry_run_says_which_route_takes_an_alert_and_why_and_sends_nothing(run, routed, folder):
    shown = run("test", "--topic", "Energy | Oil", "--dry-run")
    assert "+ route 1 to desk: topic 'Energy | Oil' matches 'Energy*', in its quiet hours now" in shown
    assert "- route 2 to default: not tried: a route before it took the alert" in shown
    assert "would go to: desk" in shown
    assert "quiet hours" not in run("test", "--topic", "Energy | Oil", "--severity", "critical", "--dry-run")
    other = json.loads(run("test", "--topic", "$XOM", "--dry-run", "--json"))
    assert other["labels"] == {"topic": "$XOM", "kind": "symbol", "severity": "warning", "test": "burst"}
    assert (other["receivers_of_routes"], other["results"]) == (["default"], [])
    assert [row["because"] for row in other["routes"]] == [
        ["topic '$XOM' is none of: Energy*"],
        ["kind symbol is none of: topic"],
        ["no route matches"],
    ]
    assert not list((folder / "outbox").glob("*.eml"))


def test_a_silence_that_would_keep_a_real_alert_back_is_told(run, routed):
    made = json.loads(run("silence", "--match", "topic=~energy.*", "--for", "1h", "--reason", "x", "--json"))
    try:
        assert f"silenced by {made['id'][:8]} topic=~energy.* until" in run("test", "--topic", "Energy | Oil", "--dry-run")
        assert "silenced" not in run("test", "--topic", "Macro", "--dry-run")
    finally:
        run("silence", "--end", made["id"])


def test_a_receiver_that_can_not_be_reached_is_named_and_the_others_get_theirs(run, routed):
    printed = run("test", "--all", code=1)
    assert "default: sent" in printed
    assert "desk: webhook http://127.0.0.1:9 does not answer" in printed
    assert "default: sent" in run("test", "--topic", "Macro")
    assert "desk: webhook" in run("test", "--topic", "Energy | Oil", code=1)


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
