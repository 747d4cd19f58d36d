import re
from dataclasses import replace
from email import message_from_bytes, policy
from html.parser import HTMLParser

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from squall.alerts.notification.content import DualTime, NotificationContent, Reason
from squall.alerts.notification.email.message import build_email
from squall.alerts.notification.webhook.payload import build_payload
from squall.alerts.sample import sample_notification
from squall.core.config.settings import Settings
from squall.core.formatting import chance
from squall.core.records import AlertState, SeriesKind, Severity
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
        alert(topic="Macro", id="ef" * 16, test="burn"),
        alert(topic="Source: wire", id="aa" * 16, test="no data"),
        documents=[stored(), stored(title="Second", copies=3)],
        inhibited=(alert(topic="Politics"),),
        silenced=2,
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
        "Window: 2026-03-02 13:05 to 14:05 UTC",
        "(p = 3.2e-09)",
        "Test: slow burn (long window)",
        "Share: 70% negative, usually 21%",
        "Lasted: 3 h",
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
    assert len(message["Subject"]) <= 200


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
