"""Opsgenie: Alert API v2, one alert per group: created under the group's key as alias, raised to P1 when critical, acknowledged, closed.

Source: github.com/opsgenie/opsgenie-oas, definitions/alert.yaml and paths/alert.yaml; the lengths: docs.opsgenie.com/docs/alert-api.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from squall.alerts.notification.content import NotificationContent, Reason
from squall.alerts.notification.services.lines import PLAIN, body_lines, cut, fitted
from squall.alerts.notification.services.service import Addressed, ApiCall, Documents, Service
from squall.alerts.notification.services.summary import Status, Summary, summary_of
from squall.core.config.alerts import ReceiverSettings

_PATH: Final = "/v2/alerts"
_MOST_MESSAGE: Final = 130
_MOST_DESCRIPTION: Final = 15_000
_MOST_ENTITY: Final = 512
_PRIORITIES: Final[dict[Status, str]] = {"critical": "P1", "warning": "P3", "resolved": "P5"}
_SOURCE: Final = "Squall"
_UNCHANGED: Final = frozenset({Reason.FIRING, Reason.REPEAT})
"""Messages about an alert that has the priority already with which it was created."""


def _compose(content: NotificationContent, documents: Documents, link: str) -> list[ApiCall]:
    return [call for part in content.by_group() for call in _calls(part, summary_of(part, documents, link))]


def _calls(content: NotificationContent, summary: Summary) -> list[ApiCall]:
    alias = f"squall-{content.group or content.key}"
    if summary.status == "resolved":
        return [ApiCall(_of(alias, "close"), {"source": _SOURCE, "note": summary.title})]
    if content.reason is Reason.ACKNOWLEDGED:
        return [ApiCall(_of(alias, "acknowledge"), {"source": _SOURCE, "note": "acknowledged in Squall"})]
    calls = [ApiCall(_PATH, _alert(alias, content, summary))]
    if summary.status == "critical" and content.reason not in _UNCHANGED:  # an alias that is known already keeps its priority
        calls.append(ApiCall(_of(alias, "priority"), {"priority": _PRIORITIES["critical"]}, "PUT"))
    return calls


def _alert(alias: str, content: NotificationContent, summary: Summary) -> dict[str, Any]:
    lines = [*body_lines(summary, PLAIN), *(["", summary.link] if summary.link else [])]
    return {
        "message": cut(summary.title, _MOST_MESSAGE),
        "alias": alias,
        "description": fitted(lines, _MOST_DESCRIPTION),
        "entity": cut(content.alerts[0].topic, _MOST_ENTITY),
        "priority": _PRIORITIES[summary.status],
        "source": _SOURCE,
        "tags": ["squall", summary.status],
        "details": {"since": summary.alerts[0].since, "receiver": content.receiver, **({"link": summary.link} if summary.link else {})},
    }


def _of(alias: str, action: str) -> str:
    return f"{_PATH}/{quote(alias, safe='')}/{action}?identifierType=alias"


def _address(call: ApiCall, receiver: ReceiverSettings) -> Addressed:
    key = {"Authorization": f"GenieKey {receiver.secret.get_secret_value()}"}
    return Addressed(receiver.address + call.path, call.body, key)


OPSGENIE: Final = Service("Opsgenie", _compose, _address, seconds_apart=1.0)
