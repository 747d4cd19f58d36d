"""The configured receivers, and the channel of each: how its messages are rendered, and which sender takes them.

A new service is a module in `services`, another way to send a sub-package beside `email`, `webhook` and `services`; this is the only module
that chooses between them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from squall.alerts.interfaces import DeliveryRefusedError, Sender
from squall.alerts.notification.content import DualTime, NotificationContent, Reason
from squall.alerts.notification.email.chart import AlertChart, draw
from squall.alerts.notification.email.message import build_email
from squall.alerts.notification.email.sender import open_email_sender
from squall.alerts.notification.services.sender import SERVICES, ServiceSender
from squall.alerts.notification.services.service import dump_calls
from squall.alerts.notification.unmade import kept
from squall.alerts.notification.webhook.payload import build_payload
from squall.alerts.notification.webhook.sender import WebhookSender
from squall.alerts.notification.webhook.template import build_body
from squall.core.clock import Clock
from squall.core.config.alerts import AlertSettings, ReceiverSettings
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError
from squall.core.net.outbound.client import OutboundClient
from squall.core.net.plaintext import refuse_plaintext
from squall.core.records import Alert, AlertState, Severity
from squall.storage.rows.alerting import Notification
from squall.storage.rows.documents import StoredDocument

log = logging.getLogger(__name__)


class Receivers:
    """Sends each notification through the sender of its receiver.

    Args:
        senders: of each receiver.
        make: renders a message that could not be made when it was queued.
    """

    def __init__(self, senders: Mapping[str, Sender], make: Callable[[str, NotificationContent], bytes] | None = None) -> None:
        self._senders = senders
        self._make = make

    @property
    def names(self) -> tuple[str, ...]:
        """The receivers, the default one first."""
        return tuple(self._senders)

    def send(self, notification: Notification) -> None:
        """Hand over to the sender of `notification.receiver`.

        Raises:
            DeliveryUnavailableError: it can't send now.
            DeliveryRefusedError: it refused for good, or the receiver is no longer configured.
            Exception: the message can still not be made.
        """
        sender = self._senders.get(notification.receiver)
        if sender is None:
            raise DeliveryRefusedError(
                f"there is no receiver {notification.receiver!r} any more", "add it to [[alerts.receivers]] again to have it sent"
            )
        content = kept(notification.message)
        if content is not None and self._make is not None:
            notification = replace(notification, message=self._make(notification.id, content))
        sender.send(notification)

    def describe(self) -> str:
        """Return where messages go, for people."""
        return "; ".join(f"{name}: {sender.describe()}" for name, sender in self._senders.items())


def open_receivers(settings: Settings, clock: Clock) -> Receivers:
    """Return every receiver's sender: one for all e-mail, and one for each of the others.

    Raises:
        ConfigurationError: a message would go to another machine in plaintext, and that was not allowed; or a template can't be used.
    """
    email = open_email_sender(settings)
    client = OutboundClient(settings.alerts.private_hosts, "SQUALL_ALERTS__PRIVATE_HOSTS")
    senders = {
        name: email if receiver.channel == "email" else _open_sender(receiver, settings, clock, client)
        for name, receiver in settings.alerts.by_name.items()
    }
    return Receivers(senders, lambda key, content: render(key, content, {}, lambda: None, settings.alerts, clock.now()))


def render(
    notification_id: str,
    content: NotificationContent,
    documents: Mapping[str, Sequence[StoredDocument]],
    chart: Callable[[], AlertChart | None],
    settings: AlertSettings,
    now: datetime,
) -> bytes:
    """Return the finished message in the form that the receiver's channel sends.

    Args:
        notification_id: becomes part of the message, the same when it is sent again.
        content: of the message; its receiver must be one of the settings.
        documents: by alert id, the documents behind it, strongest first.
        chart: gives the chart of the first alert, None for none; called only for a channel that shows one.
        settings: receivers, sender and the dashboard's address.
        now: when the message is made.
    """
    receiver = settings.by_name[content.receiver]
    if receiver.channel == "email":
        data = chart()
        return build_email(notification_id, content, documents, draw(data) if data else b"", settings, now, data.words if data else "")
    if receiver.channel in SERVICES:
        return dump_calls(SERVICES[receiver.channel].compose(content, documents, settings.link_base))
    if receiver.template is not None:
        try:
            return build_body(receiver.template, receiver.content_type, notification_id, content, documents, settings.link_base)
        except ConfigurationError as error:  # it was tried when the process started
            log.warning("message %s goes to %s without its template: %s", notification_id, receiver.name, error)
    return build_payload(notification_id, content, documents, settings.link_base)


def _open_sender(receiver: ReceiverSettings, settings: Settings, clock: Clock, client: OutboundClient) -> Sender:
    if receiver.address.startswith("http://"):
        host = urlsplit(receiver.address).hostname or "its address"
        refuse_plaintext(f"the receiver {receiver.name!r}", [host], "write https:// in its url", allowed=settings.allow_plaintext)
    if receiver.channel in SERVICES:
        return ServiceSender(receiver, clock, client)
    if receiver.template is not None:
        _try_template(receiver.template, receiver.content_type, receiver.name, clock.now())
    headers = {name: value.get_secret_value() for name, value in receiver.headers.items()}
    secret = receiver.secret.get_secret_value()
    return WebhookSender(receiver.url, secret, receiver.timeout_seconds, clock, client, receiver.content_type, headers)


def _try_template(path: Path, content_type: str, receiver: str, now: datetime) -> None:
    """Raise ConfigurationError unless the template makes a message: a fault shows when the process starts, not in the first crisis."""
    alert = Alert(
        id="0" * 32,
        topic='Trial "quoted" \\ { } <&>',
        state=AlertState.FIRING,
        severity=Severity.WARNING,
        window_start=now,
        window_end=now,
        observed=1,
        expected=0.1,
        p_value=0.01,
        negative_share=1.0,
        expected_share=0.1,
        method="trial",
        opened_at=now,
        fired_at=now,
        updated_at=now,
    )
    content = NotificationContent("trial", receiver, Reason.FIRING, (alert,), DualTime(now, now), "trial", new_count=1)
    build_body(path, content_type, "trial", content, {}, "")
