import platform
import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from html.parser import HTMLParser

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.alerts.notification.content import DualTime, NotificationContent, Reason
from squall.alerts.notification.email.message import build_email
from squall.alerts.notification.links import AlertLinks, alert_links, page_address
from squall.alerts.notification.webhook.payload import build_payload
from squall.alerts.notification.wording import subject
from squall.alerts.sample import sample_alert, sample_notification
from squall.core.config.settings import Settings, WebSettings
from squall.core.formatting import chance
from squall.core.gravity.event_kinds import EVENT_KINDS
from squall.core.records import AlertState, EntityKind, SeriesKind, Severity, Trend
from squall.storage.rows.drivers import Drivers, DrivingStory, EventCount, Lead
from tests.support.alert_mail import NOW, SETTINGS, alert, stored

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def notice(*alerts, reason=Reason.FIRING, **changes):
    alerts = alerts or (alert(),)
    fields = {"group": "g", "new_count": len(alerts)} | changes
    return NotificationContent("n", "default", reason, alerts, DualTime(NOW, NOW), **fields)


def parsed(*alerts, documents=None, reason=Reason.FIRING, settings=SETTINGS, chart=PNG, **changes):
    content = notice(*alerts, reason=reason, **changes)
    found = {item.id: [stored()] if documents is None else documents for item in content.alerts}
    return message_from_bytes(build_email("n-default", content, found, chart, settings, NOW), policy=policy.default)


def text_of(message):
    return message.get_body(("plain",)).get_content()


def html_of(message):
    return message.get_body(("html",)).get_content()


class Words(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words, self.links, self.tags, self.style = [], [], [], False

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.style = tag == "style"
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.words += [] if self.style else data.split()


def read_html(message):
    reader = Words()
    reader.feed(html_of(message))
    return reader


DONE = {"state": AlertState.RESOLVED, "resolved_at": NOW.replace(hour=17)}
CRITICAL = {"severity": Severity.CRITICAL}
DRIVEN = {
    "total": 60,
    "limit": 14.0,
    "since": NOW - timedelta(minutes=65),
    "documents_so_far": 251,
    "current_minutes": 60,
    "current": 12,
    "current_total": 20,
    "current_expected": 5.0,
    "trend": Trend.FALLING,
    "peak": 184,
    "peaked_at": NOW - timedelta(minutes=45),
    "lead": "Harbor Union",
    "lead_documents": 41,
    "named_documents": 51,
    "stories": 3,
    "events": ("market_crash", "rating_cut"),
    "gravest": 0.8,
}
LINKS = AlertLinks("https://page.example.org/?alert=ef", "https://page.example.org/?alert=ef&do=acknowledge")
DRIVERS = Drivers(
    51,
    (
        DrivingStory("1" * 32, "Harbor Union halts withdrawals", "https://news.example.org/9", "wire", NOW, 0.8, ("market_crash",), 31, 4),
        DrivingStory("2" * 32, "Agency cuts Harbor Union", "javascript:x", "wire", NOW, None, (), 1, 0),
    ),
    3,
    (Lead("h", EntityKind.COMPANY, "Harbor Union", 41), Lead("c", EntityKind.COMPANY, "Corran", 9)),
    (EventCount("market_crash", 23), EventCount("rating_cut", 11)),
    0.8,
)


@pytest.mark.parametrize(
    ("alerts", "reason", "expected"),
    [
        ([alert()], Reason.FIRING, "Squall: Financials: 42 negative in 60 min, 8.3× the usual"),
        ([alert(expected=0.0)], Reason.FIRING, "Squall: Financials: 42 negative in 60 min, 0 expected"),
        ([alert(**CRITICAL)], Reason.ESCALATED, "Squall: now CRITICAL: Financials: 42 negative in 60 min, 8.3× the usual"),
        ([alert()], Reason.REPEAT, "Squall: still firing: Financials: 42 negative in 60 min, 8.3× the usual"),
        ([alert(**DONE, **CRITICAL)], Reason.RESOLVED, "Squall: Financials: resolved, peak 42 negative in 60 min, 8.3× the usual"),
        (
            [alert(), alert(topic="Macro", observed=20)],
            Reason.FIRING,
            "Squall: 2 topics: Financials 42 negative (8.3×), Macro 20 negative (4.0×)",
        ),
        ([alert(**DONE), alert(topic="$X", kind=SeriesKind.SYMBOL, **DONE)], Reason.RESOLVED, "Squall: 2 alerts resolved: Financials 42"),
        ([alert(**DONE)], Reason.DIGEST, "Squall: digest: Financials: resolved"),
        (
            [alert(topic="Source: wire", kind=SeriesKind.SOURCE, test="no data", observed=0, expected=120.0)],
            Reason.FIRING,
            "Squall: Source: wire: no documents for 60 min, 120 expected",
        ),
    ],
)
def test_the_subject_says_topic_direction_and_size(alerts, reason, expected):
    assert parsed(*alerts, reason=reason)["Subject"].startswith(expected)


@pytest.mark.parametrize(
    ("changes", "reason", "expected"),
    [
        ({}, Reason.FIRING, "Squall: Harbor Union (Macro): grave: market crash or bank run; 42 negative in 60 min, 8.3× the usual"),
        (
            {"lead": "Harbor Union and Provincial Holdings"},
            Reason.FIRING,
            "Squall: Harbor Union and Provincial Holdings (Macro): grave: market crash or bank run; 42 negative in 60 min",
        ),
        (
            {},
            Reason.REPEAT,
            "Squall: still firing: Harbor Union: grave: market crash or bank run; 12 negative in the last 60 min, peak 184",
        ),
        (
            {"events": (), "gravest": None},
            Reason.REPEAT,
            "Squall: still firing: Harbor Union (Macro): 12 negative in the last 60 min, falling, peak 184",
        ),
        (
            DONE | {"events": ()},
            Reason.RESOLVED,
            "Squall: Harbor Union (Macro): grave; resolved, peak 184 negative in 60 min, lasted 3 h 5 min",
        ),
    ],
)
def test_the_subject_says_whom_what_happened_and_how_bad_it_is_now(changes, reason, expected):
    assert parsed(alert(topic="Macro", **(DRIVEN | changes)), reason=reason)["Subject"] == expected


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(Reason), st.sampled_from(["", *EVENT_KINDS]))
def test_a_subject_is_never_longer_than_a_phone_shows(topic, lead, reason, event):
    content = notice(alert(topic=topic, **(DRIVEN | {"lead": lead, "events": (event,) if event else ()})), reason=reason)
    found = subject(content)
    assert len(found) <= 110
    assert "in" in found.split()


def test_a_replay_shows_wall_time_beside_event_time():
    later = NOW + timedelta(days=400)
    message = parsed(alert(fired_wall=later, updated_wall=later))
    assert "Fired: 2026-03-02 14:05 UTC (wall time 2027-04-06 14:05 UTC)" in text_of(message)
    assert "wall time" not in text_of(parsed(alert(fired_wall=NOW, updated_wall=NOW)))


def test_the_subject_names_what_is_new():
    message = parsed(alert(topic="Macro"), alert(), reason=Reason.MORE_FIRING, new_count=1)
    assert message["Subject"] == "Squall: Macro: 42 negative in 60 min, 8.3× the usual"
    assert "Financials (warning, already reported)" in text_of(message)


def test_the_headers_are_those_of_an_automatic_mail_in_one_conversation():
    message = parsed()
    assert message["From"] == "Squall <squall@example.org>"
    assert message["To"] == "risk@example.org, desk@example.org"
    assert message["Message-ID"] == "<n-default@example.org>"
    assert message["References"] == message["In-Reply-To"] == "<g.group@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOW


def test_the_mail_is_text_and_html_with_the_chart_inside():
    message = parsed()
    assert message.get_content_type() == "multipart/alternative"
    image = next(part for part in message.walk() if part.get_content_type() == "image/png")
    assert image.get_content() == PNG
    assert image["Content-Disposition"].startswith("inline")
    assert f"cid:{image['Content-ID'].strip('<>')}" in html_of(message)


def test_both_parts_say_the_same():
    one = alert(expected_low=2.0, expected_high=9.0, **DONE)
    message = parsed(
        one,
        alert(topic="Macro", id="ef" * 16, test="burn", **DRIVEN),
        alert(topic="Source: wire", id="aa" * 16, test="no data"),
        documents=[stored(), stored(title="Second", copies=3)],
        inhibited=(alert(topic="Politics"),),
        silenced=2,
        drivers={"ef" * 16: DRIVERS},
        links={"ef" * 16: LINKS},
    )
    reader = read_html(message)
    known = {word.rstrip(".,") for word in [*reader.words, *reader.links]}
    missing = {word.rstrip(".,") for word in text_of(message).split()} - known - {"1", "2", "-"}
    assert missing == set()
    shown = {word.rstrip(".,") for word in reader.words}
    shown -= {word.rstrip(".,") for word in text_of(message).split()}
    assert shown == set()
    for fact in (
        "42 negative documents in 60 minutes, 8.3× the usual",
        "Expected: 5 (2 to 9 in 90% of such windows)",
        "Window judged: 2026-03-02 13:05 to 14:05 UTC",
        "(p = 3.2e-09)",
        "Test: slow burn (long window)",
        "Share: 70% negative, usually 21%",
        "Began: 2026-03-02 14:00 UTC",
        "Resolved: 2026-03-02 17:05 UTC, after 3 h 5 min",
        "Harbor Union: 41 of 51 negative documents, 3 stories",
        "Now: 12 negative of 20 in 60 min, 5 expected, falling",
        "Peak: 184 negative in 60 min, at 2026-03-02 13:20 UTC",
        "So far: 251 negative documents since 2026-03-02 13:00 UTC",
        "(alert from 14)",
        "31 documents, 4 more copies; grave: market crash or bank run; first 2026-03-02 14:05 UTC; wire",
        "Also named: Corran (9)",
        "https://page.example.org/?alert=ef&do=acknowledge",
        "3 more copies",
        "Politics: 42 negative",
        "Silenced: 2",
        "https://dash.example.org/",
    ):
        assert fact in text_of(message), fact


def test_the_same_mail_has_the_same_bytes():
    assert parsed().as_bytes() == parsed().as_bytes()


def test_a_mail_about_very_many_alerts_shows_some_and_counts_the_rest():
    message = parsed(*(alert(id=f"{number:032x}") for number in range(60)))
    assert "And 35 more" in text_of(message)
    assert len(message["Subject"]) <= 110


def test_a_mail_without_a_chart_has_no_picture():
    assert [part.get_content_type() for part in parsed(chart=b"").walk()] == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "https://",
        'https://x/"onclick=1',
        "http://x/\nBcc: y",
        "//x",
        "https://[",
        "",
    ],
)
def test_only_http_links_are_linked(url):
    reader = read_html(parsed(documents=[stored(url=url)]))
    assert reader.links == ["https://dash.example.org/"]


def test_markup_in_a_title_stays_text():
    reader = read_html(parsed(documents=[stored(title="<script>alert(1)</script> & <img src=x onerror=y>")]))
    assert "script" not in reader.tags
    assert reader.tags.count("img") == 1
    assert "<script>alert(1)</script>" in reader.words


def test_a_newline_in_a_topic_adds_no_header():
    message = parsed(alert(topic="Bank\r\nBcc: everybody@example.org\r\n\r\nbody"))
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Squall: Bank Bcc: everybody@example.org body: 42")


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=100))
def test_no_text_breaks_out_of_its_place(topic, title, source):
    clean = topic.encode("utf-8", "ignore").decode()
    message = parsed(alert(topic=clean), documents=[stored(title=title, source=source, url=f"https://x.example/{title}")])
    addressed = {"From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"}
    assert set(message.keys()) == addressed | {"MIME-Version", "Content-Type"}
    assert len(list(message.walk())) == 5
    assert read_html(message).tags.count("a") <= 2


@pytest.mark.parametrize(
    ("p_value", "words"),
    [(0.5, "not unusual"), (1e-5, "one window in 100,000"), (3.2e-9, "one window in 310,000,000"), (1e-300, "practically impossible")],
)
def test_a_p_value_is_written_in_words(p_value, words):
    assert words in chance(p_value)


def test_the_sample_mail_carries_a_real_chart():
    message = message_from_bytes(sample_notification(Settings(), NOW).message, policy=policy.default)
    image = next(part for part in message.walk() if part.get_content_type() == "image/png").get_content()
    assert image.startswith(b"\x89PNG")
    assert len(image) > 5_000
    assert "test message" in message["Subject"]


def test_a_sample_about_a_name_says_what_real_ones_about_names_say():
    labelled = sample_alert(NOW, "Harbor Union", SeriesKind.ENTITY, Severity.CRITICAL)
    message = message_from_bytes(sample_notification(Settings(), NOW, labelled=labelled).message, policy=policy.default)
    assert message["Subject"].startswith("Squall: CRITICAL: Harbor Union (test message): ")
    text = message.get_body(("plain",)).get_content()
    assert "grave: market crash or bank run" in text
    assert "adverse documents in " in text
    assert "negative" not in text
    assert any(part.get_content_type() == "image/png" for part in message.walk())


def test_the_sample_goes_to_any_receiver_in_its_own_form():
    settings = Settings(alerts={"receivers": ({"name": "ops", "url": "https://ops.example.org/"},)})
    sample = sample_notification(settings, NOW, "ops")
    assert (sample.receiver, orjson.loads(sample.message)["receiver"]) == ("ops", "ops")


def test_a_webhook_is_sent_everything_that_explains_the_alert():
    content = notice(alert(), alert(id="ef" * 16, topic="Macro", **DONE), new_count=1, silenced=1)
    body = orjson.loads(build_payload("n-ops", content, {"ab" * 16: [stored(url="javascript:x")]}, "https://dash.example.org/"))
    assert (body["version"], body["id"], body["reason"], body["status"], body["silenced"]) == (1, "n-ops", "firing", "firing", 1)
    first, second = body["alerts"]
    assert (first["topic"], first["news"], second["news"], second["state"]) == ("Financials", True, False, "resolved")
    assert {"observed", "expected", "expected_low", "expected_high", "p_value", "test", "method"} <= set(first)
    assert first["documents"][0]["title"] == "Bank fails"
    assert first["documents"][0]["url"] == ""
    assert build_payload("n", notice(alert(**DONE)), {}, "").count(b'"status":"resolved"') == 1


def test_a_webhook_is_sent_who_drives_the_alert_what_is_so_now_and_where_it_is():
    one = alert(**DRIVEN)
    body = orjson.loads(build_payload("n", notice(one, drivers={one.id: DRIVERS}, links={one.id: LINKS}), {}, ""))
    (row,) = body["alerts"]
    assert row["driver"] == "Harbor Union: 41 of 51 negative documents, 3 stories"
    assert (row["link"], row["acknowledge"]) == (LINKS.show, LINKS.acknowledge)
    assert (row["current"], row["peak"], row["trend"], row["documents_so_far"], row["limit"]) == (12, 184, "falling", 251, 14.0)
    assert [(story["documents"], story["url"]) for story in row["told"]] == [(31, "https://news.example.org/9"), (1, "")]
    assert row["happened"][0] == {"name": "market_crash", "label": "market crash or bank run", "documents": 23}


@pytest.mark.parametrize(
    ("web", "served", "expected"),
    [
        ({}, "", "http://127.0.0.1:8080/"),
        ({"port": 0}, "", ""),
        ({"port": 0}, "http://127.0.0.1:43210/", "http://127.0.0.1:43210/"),
        ({"url": "https://squall.example.org/page?x=1"}, "http://127.0.0.1:8080/", "https://squall.example.org/page?x=1"),
        ({"host": "::1"}, "", "http://[::1]:8080/"),
    ],
)
def test_messages_link_to_the_page_where_people_reach_it(web, served, expected):
    assert page_address(WebSettings(**web), served) == expected


def test_a_page_on_every_address_is_linked_by_the_name_of_the_machine():
    assert page_address(WebSettings(host="0.0.0.0"), "http://127.0.0.1:8080/") == f"http://{platform.node()}:8080/"


def test_links_name_the_alert_and_open_a_form_but_change_nothing():
    found = alert_links("https://squall.example.org/page?x=1", "ab" * 16)
    assert found.show == f"https://squall.example.org/page?x=1&alert={'ab' * 16}"
    assert found.acknowledge == f"https://squall.example.org/page?x=1&alert={'ab' * 16}&do=acknowledge"
    assert alert_links("", "ab" * 16) is None
    assert alert_links("javascript:x", "ab" * 16) is None


GRAVE = {"severity": 0.81, "event_names": ("accident", "own_event"), "event_probabilities": (0.9, 0.6)}


def test_a_mail_says_what_happened_and_how_grave_it_is() -> None:
    message = parsed(documents=[replace(stored(), **GRAVE), replace(stored(title="Calm"), severity=0.05), stored(title="Not read")])
    first, calm, unread = re.findall(r"^   wire, .*$", text_of(message), re.MULTILINE)
    assert "UTC, grave: accident or disaster, own event, 90% negative" in first
    assert all(re.search(r"UTC, 90% negative", line) for line in (calm, unread))
    assert "grave: accident or disaster, own event" in html_of(message)


def test_a_webhook_says_what_happened_and_how_grave_it_is() -> None:
    documents = [replace(stored(), **GRAVE), stored(title="Not read")]
    body = orjson.loads(build_payload("n", notice(alert()), {"ab" * 16: documents}, ""))
    first, unread = body["alerts"][0]["documents"]
    assert (first["severity"], first["severity_word"]) == (0.81, "grave")
    assert first["events"][0] == {"name": "accident", "label": "accident or disaster", "probability": 0.9}
    assert (unread["severity"], unread["severity_word"], unread["events"]) == (None, None, [])


ENCODED = [
    "=?u8?q?x=0aBcc:_victim@evil.org=0a=0aYour_account?=",
    "=?u8?q?x=0aTo:_victim@evil.org?=",
    "é =?u8?q?=ff?=",
    "=?utf-8?b?eA0KVG86IHZAZXZpbC5vcmc=?=",
]


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("kind", [SeriesKind.SOURCE, SeriesKind.SYMBOL, SeriesKind.TOPIC])
def test_an_encoded_word_in_a_name_adds_no_header_and_no_body(name: str, kind: SeriesKind) -> None:
    message = parsed(alert(topic=name, kind=kind), chart=b"")
    assert message.get_all("To") == ["risk@example.org, desk@example.org"]
    assert message["Bcc"] is None
    assert len(message.keys()) == len(parsed(alert(), chart=b"").keys())
    assert "= ?" in message["Subject"]
