"""PagerDuty: Events API v2, one incident per group of alerts, by its key: `trigger` opens and updates it, `acknowledge`, `resolve`.

Source: github.com/PagerDuty/api-schema, reference/events-v2/openapiv3.json; the limits of lengths and rate: developer.pagerduty.com,
"Send an Alert Event" and "Events API limits".
"""

from __future__ import annotations

from typing import Any, Final

from squall.alerts.notification.content import NotificationContent, Reason
from squall.alerts.notification.services.lines import cut
from squall.alerts.notification.services.service import Addressed, ApiCall, Documents, Service
from squall.alerts.notification.services.summary import AlertSummary, summary_of
from squall.core.config.alerts import ReceiverSettings

_PATH: Final = "/v2/enqueue"
_MOST_SUMMARY: Final = 1_024
_MOST_LINKS: Final = 5


def _compose(content: NotificationContent, documents: Documents, link: str) -> list[ApiCall]:
    return [ApiCall(_PATH, _event(part, documents, link)) for part in content.by_group()]


def _event(content: NotificationContent, documents: Documents, link: str) -> dict[str, Any]:
    key = f"squall-{content.group or content.key}"
    if content.reason is Reason.ACKNOWLEDGED:
        return {"event_action": "acknowledge", "dedup_key": key}
    summary = summary_of(content, documents, link)
    if summary.status == "resolved":
        return {"event_action": "resolve", "dedup_key": key}
    first = content.alerts[0]
    headlines = [headline for alert in summary.alerts for headline in alert.headlines if headline.link][:_MOST_LINKS]
    links = [{"href": summary.link, "text": "Squall"}] if summary.link else []
    event: dict[str, Any] = {
        "event_action": "trigger",
        "dedup_key": key,
        "client": "Squall",
        "links": [*links, *({"href": headline.link, "text": headline.title} for headline in headlines)],
        "payload": {
            "summary": cut(summary.title, _MOST_SUMMARY),
            "source": "squall",
            "severity": summary.status,
            "timestamp": (first.fired_at or first.opened_at).isoformat(),
            "component": first.topic,
            "group": content.receiver,
            "class": first.test,
            "custom_details": {
                "reason": summary.reason,
                "alerts": [_details(alert) for alert in summary.alerts],
                **({"notes": list(summary.notes)} if summary.notes else {}),
            },
        },
    }
    return event | ({"client_url": summary.link} if summary.link else {})


def _details(alert: AlertSummary) -> dict[str, Any]:
    return {
        "name": alert.topic,
        "status": alert.status,
        **{
            key: value
            for key in ("driver", "happened", "size", "since", "present", "link", "acknowledge")
            if (value := getattr(alert, key))
        },
        "headlines": [f"{headline.title} {headline.about}".rstrip() for headline in alert.headlines],
    }


def _address(call: ApiCall, receiver: ReceiverSettings) -> Addressed:
    return Addressed(receiver.address + call.path, {"routing_key": receiver.secret.get_secret_value(), **call.body})


PAGERDUTY: Final = Service("PagerDuty", _compose, _address, seconds_apart=0.5)
