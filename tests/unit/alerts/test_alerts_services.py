"""What the services are sent: accepted by their schemas whatever the texts hold, and the same summary in each."""

from __future__ import annotations

import html
import json
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.alerts.notification.content import DualTime, NotificationContent, Reason
from squall.alerts.notification.links import alert_links
from squall.alerts.notification.services.lines import MORE, fitted, utf16_length
from squall.alerts.notification.services.sender import SERVICES
from squall.alerts.notification.services.service import ApiCall, dump_calls, load_calls
from squall.core.config.alerts import ReceiverSettings
from squall.core.records import AlertState, SeriesKind, Severity
from squall.core.text import document_id
from squall.storage.rows.drivers import Drivers, DrivingStory
from tests.support.alert_mail import NOW, alert, stored
from tests.support.services import CHAT, SECRET, problems

LINK = "https://squall.example.org/?alert=abab"
OPSGENIE_PARTS = {"acknowledge": "acknowledge", "close": "close", "priority": "priority"}
HOSTILE = 'A&B <b>"x"</b> <!channel> @everyone [x](http://evil.example) *_~`| \\ ] ) {{ 7*7 }}'
RESOLVED = {"state": AlertState.RESOLVED, "resolved_at": NOW + timedelta(hours=2)}


def receiver(channel: str) -> ReceiverSettings:
    base = {"name": channel, "channel": channel}
    by_key = {"pagerduty", "opsgenie", "telegram"}
    more = {"secret": SECRET} if channel in by_key else {"url": f"https://{channel}.example.org/{SECRET}"}
    return ReceiverSettings.model_validate({**base, **more, **({"chat": CHAT} if channel == "telegram" else {})})


def message(*alerts, reason=Reason.FIRING, **changes) -> NotificationContent:
    shown = alerts or (alert(),)
    return replace(NotificationContent("k", "desk", reason, shown, DualTime(NOW, NOW), "g1", new_count=len(shown)), **changes)


def bodies(channel: str, content: NotificationContent, documents=None, link: str = LINK) -> list[dict]:
    """The bodies as they are sent, after each has passed the service's schema."""
    sent = []
    for call in load_calls(dump_calls(SERVICES[channel].compose(content, documents or {}, link))):
        body = json.loads(orjson.dumps(SERVICES[channel].address(call, receiver(channel)).body))
        action = call.path.partition("?")[0].rpartition("/")[2]
        part = OPSGENIE_PARTS.get(action, "create") if channel == "opsgenie" else ""
        assert problems(channel, body, part) == []
        sent.append(body)
    return sent


def texts(value: object) -> str:
    """Every text of a JSON value."""
    if isinstance(value, dict):
        return "\n".join(map(texts, value.values()))
    return "\n".join(map(texts, value)) if isinstance(value, list) else str(value)


@pytest.mark.parametrize("channel", SERVICES)
def test_every_service_shows_what_who_how_bad_since_when_and_a_link(channel):
    critical = alert(topic="Harbor Union", severity=Severity.CRITICAL)
    shown = texts(bodies(channel, message(critical), {critical.id: [stored("Harbor Union halts withdrawals", copies=3)]}))
    for fact in (
        "Harbor Union halts withdrawals",
        "CRITICAL",
        "42 negative in 60 min",
        "2026-03-02 14:00 UTC",
        "wire",
        LINK.partition("?")[0],
    ):
        assert fact in shown, fact


@pytest.mark.parametrize("channel", SERVICES)
def test_every_service_says_who_drives_an_alert_what_is_so_now_and_where_to_acknowledge_it(channel):
    numbers = {"lead": "Harbor Union", "lead_documents": 41, "named_documents": 51, "stories": 3, "gravest": 0.9}
    present = {"current": 12, "current_total": 20, "current_minutes": 60, "current_expected": 5.0, "peak": 184, "peaked_at": NOW}
    row = alert(topic="Financials", **numbers, **present)
    story = DrivingStory("ab", "Harbor Union halts withdrawals", "https://n.example/1", "wire", NOW, 0.9, (), 30, 9)
    links = alert_links("https://page.example.org/", row.id)
    content = message(row, drivers={row.id: Drivers(51, (story,), 3)}, links={row.id: links})
    shown = texts(bodies(channel, content, link=""))
    for fact in ("Harbor Union: 41 of 51 negative documents, 3 stories", "Harbor Union halts withdrawals", "39 documents", "184 negative"):
        assert fact in shown, fact
    assert links.acknowledge in html.unescape(shown)
    assert links.show in html.unescape(shown)
    over = alert(topic="Financials", **RESOLVED)
    closed = message(over, reason=Reason.RESOLVED, links={over.id: links})
    assert "acknowledge" not in texts(bodies(channel, closed, link=""))


@pytest.mark.parametrize("channel", SERVICES)
def test_every_service_tells_that_it_is_over(channel):
    over = message(alert(**RESOLVED), reason=Reason.RESOLVED)
    if channel == "pagerduty":
        assert bodies(channel, over) == [{"routing_key": SECRET, "event_action": "resolve", "dedup_key": "squall-g1"}]
    else:
        assert "resolved" in texts(bodies(channel, over)).lower()


def test_services_with_incidents_are_told_that_one_is_acknowledged():
    seen = message(reason=Reason.ACKNOWLEDGED, new_count=0)
    assert bodies("pagerduty", seen) == [{"routing_key": SECRET, "event_action": "acknowledge", "dedup_key": "squall-g1"}]
    (call,) = SERVICES["opsgenie"].compose(seen, {}, LINK)
    assert (call.method, call.path) == ("POST", "/v2/alerts/squall-g1/acknowledge?identifierType=alias")
    assert bodies("opsgenie", seen) == [{"source": "Squall", "note": "acknowledged in Squall"}]


@pytest.mark.parametrize("channel", SERVICES)
def test_of_a_stored_message_no_part_is_secret(channel):
    assert SECRET not in dump_calls(SERVICES[channel].compose(message(), {}, LINK)).decode()


@pytest.mark.parametrize("channel", SERVICES)
def test_the_largest_message_is_accepted(channel):
    alerts = [alert(id=document_id("t", str(number)), topic=f"{number} " + "\U0001f4a5" * 150) for number in range(60)]
    documents = {row.id: [stored("\U0001f4a5" * 500, url="https://e.example/" + "x" * 470, source="s" * 200)] * 10 for row in alerts}
    for body in bodies(channel, message(*alerts, inhibited=tuple(alerts), silenced=9), documents):
        assert len(json.dumps(body, ensure_ascii=False).encode()) < (28 if channel == "teams" else 512) * 1024
        if channel == "telegram":
            assert utf16_length(body["text"]) <= 4096
            assert body["text"].endswith("</a>")  # the link is there, whatever had no room
        if channel == "discord":
            assert len(body["embeds"][0]["title"]) + len(body["embeds"][0]["description"]) <= 6000


@settings(max_examples=60, deadline=None)
@given(topic=st.text(max_size=300), title=st.text(max_size=400), url=st.text(max_size=80))
@pytest.mark.parametrize("channel", SERVICES)
def test_any_text_is_accepted(channel, topic, title, url):
    row = alert(topic=topic)
    bodies(channel, message(row), {row.id: [stored(title, url=url), stored(title, url=f"https://e.example/{url}")]}, url)


def test_foreign_text_is_no_markup_in_slack():
    row = alert(topic=HOSTILE)
    (body,) = bodies("slack", message(row), {row.id: [stored(HOSTILE)]})
    marked = [block["text"] for block in body["blocks"] if block["type"] == "section"]
    assert all(text["verbatim"] for text in marked)
    assert "<!channel>" not in json.dumps([marked, body["text"]])
    assert "&lt;!channel&gt;" in marked[1]["text"]


def test_foreign_text_is_no_markup_in_teams():
    row = alert(topic=HOSTILE)
    (body,) = bodies("teams", message(row), {row.id: [stored(HOSTILE)]})
    assert '"TextBlock"' not in json.dumps(body)  # which would read Markdown; runs do not
    assert HOSTILE in texts(body)


def test_foreign_text_is_no_markup_in_telegram():
    row = alert(topic=HOSTILE)
    (body,) = bodies("telegram", message(row), {row.id: [stored(HOSTILE, url="https://e.example/?a=1&b=2")]})
    assert "&lt;b&gt;" in body["text"]
    assert 'href="https://e.example/?a=1&amp;b=2"' in body["text"]


def test_foreign_text_is_no_markup_in_discord():
    row = alert(topic=HOSTILE)
    (body,) = bodies("discord", message(row), {row.id: [stored(HOSTILE)]})
    assert r"\[x\](http" in body["embeds"][0]["description"]
    assert r"\@everyone" in body["embeds"][0]["title"]
    assert body["allowed_mentions"] == {"parse": []}


def groups(*rows):
    """A digest about one group for each of `rows`."""
    keys = tuple((f"g{number}", (row.id,)) for number, row in enumerate(rows))
    return message(*rows, reason=Reason.DIGEST, group="g0", groups=keys)


def test_a_digest_opens_and_closes_an_incident_for_each_group():
    one, other = alert(id="aa" * 16, topic="Oil"), alert(id="bb" * 16, topic="Gold", **RESOLVED)
    opened, closed = bodies("pagerduty", groups(one, other))
    assert (opened["event_action"], opened["dedup_key"]) == ("trigger", "squall-g0")
    assert "Oil" in opened["payload"]["summary"]
    assert "Gold" not in opened["payload"]["summary"]
    assert (closed["event_action"], closed["dedup_key"]) == ("resolve", "squall-g1")
    calls = SERVICES["opsgenie"].compose(groups(one, other), {}, "")
    assert [call.path for call in calls] == ["/v2/alerts", "/v2/alerts/squall-g1/close?identifierType=alias"]


def test_an_incident_stays_open_until_the_last_alert_of_its_group_is_resolved():
    some = message(alert(**RESOLVED), alert(id="bb" * 16, topic="Gold"), reason=Reason.RESOLVED, new_count=1)
    assert [body["event_action"] for body in bodies("pagerduty", some)] == ["trigger"]
    assert [call.path for call in SERVICES["opsgenie"].compose(some, {}, "")] == ["/v2/alerts"]


def test_an_alert_that_becomes_critical_is_raised_at_opsgenie():
    worse = message(alert(severity=Severity.CRITICAL), reason=Reason.ESCALATED)
    created, raised = SERVICES["opsgenie"].compose(worse, {}, "")
    assert created.body["priority"] == "P1"
    assert (raised.method, raised.path, raised.body) == ("PUT", "/v2/alerts/squall-g1/priority?identifierType=alias", {"priority": "P1"})
    assert len(SERVICES["opsgenie"].compose(replace(worse, reason=Reason.FIRING), {}, "")) == 1


def test_what_is_covered_muted_or_not_listed_is_told():
    many = [alert(id=document_id("t", str(number)), topic=f"T{number}") for number in range(14)]
    market = alert(id="ee" * 16, topic="All topics", kind=SeriesKind.MARKET)
    shown = texts(bodies("slack", message(market, *many, inhibited=(alert(topic="Gold"),), silenced=2)))
    assert "And 5 more" in shown
    assert "Covered by what is reported: Gold" in shown
    assert "Silenced: 2" in shown


@given(lines=st.lists(st.text(alphabet="ab \U0001f4a5", max_size=30), max_size=12), room=st.integers(2, 200))
def test_lines_are_kept_whole_and_fit(lines, room):
    text = fitted(lines, room, utf16_length)
    assert utf16_length(text) <= room
    kept = text.split("\n")
    if kept[-1:] == [MORE] and kept != lines:
        assert kept[:-1] == lines[: len(kept) - 1]
    else:
        assert text == "\n".join(lines)


@pytest.mark.parametrize(
    "raw", [b"", b"From: a@example.org\r\n\r\nhello", b"{}", b'{"version":1}', b"[1]", b'[{"path":"/"}]', b'"x"', b"null"]
)
def test_a_message_of_another_channel_is_told_from_requests(raw):
    with pytest.raises(ValueError, match="none of a service"):
        load_calls(raw)


def test_requests_survive_the_queue():
    calls = [ApiCall("/v2/alerts", {"message": "é"}), ApiCall("/x", {}, "PUT")]
    assert load_calls(dump_calls(calls)) == calls
