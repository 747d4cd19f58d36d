"""Webhooks by a template: what it may use, what it can't break, and how its faults are told."""

from __future__ import annotations

import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from squall.alerts.notification.content import DualTime, NotificationContent, Reason
from squall.alerts.notification.receivers import open_receivers, render
from squall.core.clock import ManualClock
from squall.core.config.alerts import AlertSettings
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from tests.support.alert_mail import NOW, alert, stored

CARD = """{
  "title": {{ subject }},
  "why": {{ sentence ~ " Status: " ~ status }},
  "lines": [
{% for alert in alerts %}
    {"name": {{ alert.topic }}, "titles": {{ alert.documents | map(attribute="title") | list }}}{% if not loop.last %},{% endif %}
{% endfor %}
  ]
}"""


@pytest.fixture
def write(tmp_path):
    def write(text, **more):
        (tmp_path / "card.j2").write_text(text)
        return {"name": "hook", "url": "https://hook.example.org/", "template": str(tmp_path / "card.j2"), **more}

    return write


def body(receiver, topic="Oil", title="Bank fails"):
    row = alert(topic=topic)
    content = NotificationContent("k", "hook", Reason.FIRING, (row,), DualTime(NOW, NOW), "g", new_count=1)
    return render("k-hook", content, {row.id: [stored(title)]}, lambda: None, AlertSettings(receivers=[receiver]), NOW)


def opened(receiver):
    return open_receivers(Settings(alerts={"receivers": [receiver]}), ManualClock(NOW))


def test_a_template_makes_the_body(write):
    card = write(CARD)
    opened(card)
    assert json.loads(body(card)) == {
        "title": "Squall: Oil: 42 negative in 60 min, 8.3× the usual",
        "why": "Firing now. Status: firing",
        "lines": [{"name": "Oil", "titles": ["Bank fails"]}],
    }


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(topic=st.text(max_size=60), title=st.text(max_size=60))
def test_no_text_breaks_out_of_its_place_in_json(write, topic, title):
    card = write('{"a": {{ alerts[0].topic }}, "b": [{{ alerts[0].documents[0].title }}], "c": {{ alerts[0].topic | tojson }}}')
    made = json.loads(body(card, topic, title or "x"))
    assert (made["a"], made["b"]) == (topic, [title or "x"])
    assert made["c"] == topic


def test_a_template_of_text_writes_text(write):
    note = write("{{ alerts[0].topic }} at {{ at }}\n{% if silenced %}never{% endif %}", content_type="text/plain; charset=utf-8")
    opened(note)
    assert body(note, 'A "B" <c>').decode() == 'A "B" <c> at 2026-03-02T14:05:00+00:00\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"a": {{ subject }', r"card\.j2, line 1: "),
        ('{"a": {{ colour }}}', r"card\.j2: 'colour' is undefined"),
        ('{"a": {{ alerts[0].colour }}}', "has no attribute 'colour'"),
        ('{"a": {{ alerts[7].topic }}}', "has no element 7"),
        ('{"a": "{{ subject }}"}', r"makes no JSON: .*without quotation marks"),
        ('{"a": {{ subject.__class__.__mro__ }}}', "unsafe"),
        ('{"a": {{ 1 / 0 }}}', "division by zero"),
        ('{"a": {{ range(999999999) | list }}}', "Range too big"),
        ('{% include "/etc/passwd" %}', "no loader"),
        ("", "makes no JSON"),
    ],
)
def test_a_fault_shows_when_the_process_starts(write, text, complaint):
    with pytest.raises(ConfigurationError, match=complaint):
        opened(write(text))


def test_a_template_that_no_longer_works_does_not_hold_up_the_alert(write, caplog):
    caplog.set_level(logging.WARNING)
    assert json.loads(body(write('{"a": {{ colour }}}')))["reason"] == "firing"
    assert "without its template" in caplog.text
