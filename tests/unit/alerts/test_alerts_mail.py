from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import mail
from alerts.life import Change
from alerts.sample import sample_notification
from core.records import AlertState, Severity
from core.settings import Settings
from tests.support.alert_mail import NOW, SETTINGS, alert, stored

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def parsed(**kwargs):
    fields = {
        "notification_id": "n-firing",
        "alert": alert(),
        "change": Change.FIRED,
        "documents": [stored()],
        "chart": PNG,
        "settings": SETTINGS,
        "now": NOW,
    }
    return message_from_bytes(mail.build(**{**fields, **kwargs}), policy=policy.default)


def text_of(message):
    return message.get_body(("plain",)).get_content()


def html_of(message):
    return message.get_body(("html",)).get_content()


class Words(HTMLParser):
    def __init__(self):
        super().__init__()
        self.words, self.links, self.tags = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.words += data.split()


def read_html(message):
    reader = Words()
    reader.feed(html_of(message))
    return reader


def test_the_subject_says_topic_what_and_size():
    assert parsed()["Subject"] == "Squall: Financials: 42 negative documents in 60 min, 5 expected"
    assert parsed(alert=alert(severity=Severity.CRITICAL))["Subject"].startswith("Squall: CRITICAL: Financials: 42")


def test_the_headers_are_those_of_an_automatic_mail():
    message = parsed()
    assert message["From"] == "Squall <squall@example.org>"
    assert message["To"] == "risk@example.org, desk@example.org"
    assert message["Message-ID"] == "<n-firing@example.org>"
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
    message = parsed(documents=[stored(), stored(title="Second", copies=3)])
    reader = read_html(message)
    known = {word.rstrip(".,") for word in [*reader.words, *reader.links]}
    numbering = {"1", "2"}
    missing = {word.rstrip(".,") for word in text_of(message).split()} - known - numbering
    assert missing == set()
    for fact in (
        "42 negative documents",
        "history explains 5,",
        "2026-03-02 14:00 UTC",
        "p = 3.2e-09",
        "70%",
        "usually 21%",
        "3 more copies",
        "https://dash.example.org/",
    ):
        assert fact in text_of(message), fact


def test_the_same_mail_has_the_same_bytes():
    assert parsed().as_bytes() == parsed().as_bytes()


def test_a_resolved_mail_says_so_and_answers_the_first():
    done = alert(state=AlertState.RESOLVED, resolved_at=NOW.replace(hour=17))
    message = parsed(alert=done, change=Change.RESOLVED, notification_id="n-resolved")
    assert message["Subject"].startswith("Squall: Financials: resolved (peak 42 negative documents")
    assert message["In-Reply-To"] == f"<{'ab' * 16}-firing@example.org>"
    assert "it lasted 3 h 5 min" in text_of(message)


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
    message = parsed(alert=alert(topic="Bank\r\nBcc: everybody@example.org\r\n\r\nbody"))
    assert message["Bcc"] is None
    assert message["Subject"].startswith("Squall: Bank Bcc: everybody@example.org body: 42")


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=100))
def test_no_text_breaks_out_of_its_place(topic, title, source):
    clean = topic.encode("utf-8", "ignore").decode()
    message = parsed(alert=alert(topic=clean), documents=[stored(title=title, source=source, url=f"https://x.example/{title}")])
    assert set(message.keys()) == {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"}
    assert len(list(message.walk())) == 5
    assert read_html(message).tags.count("a") <= 2


@pytest.mark.parametrize(
    ("p_value", "words"),
    [(0.5, "not unusual"), (1e-5, "one window in 100,000"), (3.2e-9, "one window in 310,000,000"), (1e-300, "practically impossible")],
)
def test_a_p_value_is_said_in_words(p_value, words):
    assert words in mail.chance(p_value)


def test_the_sample_mail_carries_a_real_chart():
    message = message_from_bytes(sample_notification(Settings(), NOW).message, policy=policy.default)
    image = next(part for part in message.walk() if part.get_content_type() == "image/png").get_content()
    assert image.startswith(b"\x89PNG")
    assert len(image) > 5_000
    assert "test e-mail" in message["Subject"]
