"""A sample alert, which shows what a message looks like before the first real one."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from squall.alerts.detection.detector import METHOD, BaselineCache, Detector
from squall.alerts.detection.readings import Counts
from squall.alerts.facts.chart import adverse_chart, alert_chart
from squall.alerts.facts.current import counted_now, current
from squall.alerts.minutes import instant, minute_of
from squall.alerts.names.records import METHOD as NAMES_METHOD
from squall.alerts.notification.content import DualTime, NotificationContent, Reason
from squall.alerts.notification.email.chart import AlertChart
from squall.alerts.notification.links import alert_links, page_address
from squall.alerts.notification.receivers import render
from squall.alerts.notification.sanitize import safe_link
from squall.core.config.alerts import DEFAULT_RECEIVER
from squall.core.config.settings import Settings
from squall.core.records import Alert, AlertState, EntityKind, Sentiment, SeriesKind, Severity
from squall.core.series import BURST, NO_DATA, kind_of
from squall.core.text import document_id
from squall.storage.rows.alerting import Notification
from squall.storage.rows.documents import StoredDocument
from squall.storage.rows.drivers import Drivers, DrivingStory, EventCount, Lead

SAMPLE_TOPIC = "Financials"
_NAME = "Example Savings Bank"
_EVENTS = ("market_crash", "rating_cut")
_GRAVEST = 0.75
_HEADLINES = (
    ("Sample: Example Savings Bank halts withdrawals", 7),
    ("Sample: Rating agency cuts Example Savings Bank to junk", 3),
    ("Sample: Queues outside branches of Example Savings Bank", 0),
)


def sample_alert(now: datetime, topic: str = SAMPLE_TOPIC, kind: SeriesKind | None = None, severity: Severity = Severity.WARNING) -> Alert:
    """Return an alert with these labels that fires `now`, without counts; `kind` is by default what the topic's name says."""
    minute = instant(minute_of(now))
    kind = kind or kind_of(topic)
    return Alert(
        id=document_id("sample", now.isoformat()),
        topic=topic,
        kind=kind,
        test=NO_DATA if kind is SeriesKind.SOURCE else BURST,
        state=AlertState.FIRING,
        severity=severity,
        window_start=minute,
        window_end=minute,
        observed=0,
        expected=0.0,
        p_value=1.0,
        negative_share=0.0,
        expected_share=0.0,
        method=f"{METHOD}, made-up counts",
        opened_at=minute,
        fired_at=minute,
        updated_at=minute,
    )


def sample_notification(settings: Settings, now: datetime, receiver: str = DEFAULT_RECEIVER, labelled: Alert | None = None) -> Notification:
    """Return a finished sample message to a receiver of the settings, marked as one; it belongs to no stored alert.

    Args:
        settings: receivers, detector.
        now: when it fires.
        receiver: to whom.
        labelled: of `sample_alert`, which it is by default; it gets made-up counts.
    """
    labelled = labelled or sample_alert(now)
    end = minute_of(now)
    detector = Detector(settings.detector)
    counts = _counts(end, settings.detector.history_days, settings.detector.window_minutes)
    cache, ticks = BaselineCache(counts), np.array([end], dtype=np.int64)
    reading = detector.read_at(counts, ticks, cache=cache).at(0, 0)
    silent, of_name = labelled.test == NO_DATA, labelled.kind is SeriesKind.ENTITY
    lead = f"{labelled.topic} (test message)" if of_name else _NAME
    drivers = Drivers() if silent else _drivers(reading.observed, now, lead, 0 if of_name else reading.observed // 10)
    alert = labelled.model_copy(
        update={
            "window_start": instant(end) - timedelta(minutes=reading.window_minutes),
            "window_end": instant(end),
            "observed": 0 if silent else reading.observed,
            "expected": reading.expected,
            "p_value": reading.p_value,
            "negative_share": 0.0 if silent else reading.share,
            "expected_share": reading.expected_share,
            "fired_wall": now,
            "updated_wall": now,
        }
    )
    if not silent:
        limit = detector.judge(counts, ticks, SAMPLE_TOPIC, reading.window_minutes, cache).limit[0]
        told = {
            "topic": SAMPLE_TOPIC,
            "total": reading.total,
            "limit": float(limit) if np.isfinite(limit) else 0.0,
            "since": instant(end - max(reading.window_minutes, settings.detector.window_minutes)),
            "lead": lead,
            "lead_documents": drivers.leads[0].documents,
            "named_documents": drivers.documents,
            "stories": drivers.story_count,
        }
        alert = alert.model_copy(update=told)
        if of_name:
            known = {
                "limit": 0.0,
                "method": f"{NAMES_METHOD}, made-up counts",
                "events": _EVENTS,
                "gravest": _GRAVEST,
            }
            alert = alert.model_copy(update=known | counted_now(counts, 0, alert, end, settings.detector))
        else:
            alert = current(detector, cache, alert, end, settings.detector)
    alert = alert.model_copy(update={"topic": f"{labelled.topic} (test message)"})
    documents = {alert.id: [_document(title, copies, settings, now) for title, copies in (() if silent else _HEADLINES)]}
    links = alert_links(page_address(settings.web), alert.id)
    content = NotificationContent(
        f"sample-{alert.id[:12]}",
        receiver,
        Reason.FIRING,
        (alert,),
        DualTime(now, now),
        "sample",
        new_count=1,
        drivers={alert.id: drivers},
        links={alert.id: links} if links else {},
    )
    key = f"{content.key}-{receiver}"

    def chart() -> AlertChart:
        if of_name:
            return adverse_chart(counts, end, reading.window_minutes)
        return alert_chart(detector, cache, SAMPLE_TOPIC, end, reading.window_minutes)

    message = render(
        key,
        content,
        documents,
        lambda: None if silent else chart(),
        settings.alerts,
        now,
    )
    return Notification(key, content.group, content.reason.value, "queued", 0, "", message, now, now, receiver, (alert.id,))


def _counts(end: int, days: int, window: int) -> Counts:
    """Return a calm history with a burst in its last `window` minutes."""
    rng = np.random.default_rng(7)
    minutes = days * 1440
    day = 1.0 + 0.6 * np.sin((np.arange(end - minutes, end) / 1440 - 0.3) * 2 * np.pi)
    negative = rng.poisson(5 / 60 * day)
    negative[-window:] += rng.poisson(37 / window, window)
    return Counts((SAMPLE_TOPIC,), end - minutes, negative[None, :], (negative + rng.poisson(20 / 60 * day))[None, :])


def _drivers(observed: int, now: datetime, lead: str, others: int) -> Drivers:
    """Return what drives the sample: half of the documents tell the first story; all but `others` name the `lead`."""
    parts = (observed - observed // 2, observed // 2 - observed // 4, observed // 4)
    stories = tuple(
        DrivingStory(document_id("sample", title), title, "", "sample", now, None, (), documents, copies)
        for (title, copies), documents in zip(_HEADLINES, parts, strict=True)
    )
    leads = (Lead("sample:bank", EntityKind.COMPANY, lead, observed - others),)
    events = tuple(EventCount(event, part) for event, part in zip(_EVENTS, parts, strict=False))
    return Drivers(observed, stories, len(stories), leads, events, None)


def _document(title: str, copies: int, settings: Settings, now: datetime) -> StoredDocument:
    return StoredDocument(
        id=document_id("sample", title),
        kind="news",
        source="sample",
        author="",
        url=safe_link(settings.alerts.link_base),
        title=title,
        text="",
        language="en",
        symbols=(),
        published_at=now,
        collected_at=now,
        topic=SAMPLE_TOPIC,
        topic_probability=0.9,
        p_negative=0.93,
        p_neutral=0.05,
        p_positive=0.02,
        sentiment=Sentiment.NEGATIVE,
        score=-0.91,
        fingerprint=0,
        model_version="sample",
        scored_at=now,
        stored_at=now,
        copies=copies,
    )
