"""The configured receivers, and the channel of each: how its messages are rendered, and which sender takes them.

A new channel is a sub-package beside `email` and `webhook`; this is the only module that chooses between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from squall.alerts.interfaces import DeliveryRefusedError, Sender
from squall.alerts.notification.content import NotificationContent
from squall.alerts.notification.email.chart import AlertChart, draw
from squall.alerts.notification.email.message import build_email
from squall.alerts.notification.email.sender import open_email_sender
from squall.alerts.notification.webhook.payload import build_payload
from squall.alerts.notification.webhook.sender import WebhookSender
from squall.core.clock import Clock
from squall.core.config.alerts import AlertSettings, ReceiverSettings
from squall.core.config.settings import Settings
from squall.core.net.outbound.client import OutboundClient
from squall.core.net.plaintext import refuse_plaintext
from squall.storage.rows.alerting import Notification
from squall.storage.rows.documents import StoredDocument


class Receivers:
    """Sends each notification through the sender of its receiver."""

    def __init__(self, senders: Mapping[str, Sender]) -> None:
        self._senders = senders

    @property
    def names(self) -> tuple[str, ...]:
        """The receivers, the default one first."""
        return tuple(self._senders)

    def send(self, notification: Notification) -> None:
        """Hand over to the sender of `notification.receiver`.

        Raises:
            DeliveryUnavailableError: it can't send now.
            DeliveryRefusedError: it refused for good, or the receiver is no longer configured.
        """
        sender = self._senders.get(notification.receiver)
        if sender is None:
            raise DeliveryRefusedError(
                f"there is no receiver {notification.receiver!r} any more", "add it to [[alerts.receivers]] again to have it sent"
            )
        sender.send(notification)

    def describe(self) -> str:
        """Return where messages go, for people."""
        return "; ".join(f"{name}: {sender.describe()}" for name, sender in self._senders.items())


def open_receivers(settings: Settings, clock: Clock) -> Receivers:
    """Return every receiver's sender: one for each webhook, and one for all e-mail.

    Raises:
        ConfigurationError: a message would go to another machine in plaintext, and that was not allowed.
    """
    email = open_email_sender(settings)
    return Receivers(
        {
            name: _open_webhook(name, receiver, settings, clock) if receiver.url else email
            for name, receiver in settings.alerts.by_name.items()
        }
    )


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
    if settings.by_name[content.receiver].url:
        return build_payload(notification_id, content, documents, settings.link_base)
    data = chart()
    return build_email(notification_id, content, documents, draw(data) if data else b"", settings, now, data.words if data else "")


def _open_webhook(name: str, receiver: ReceiverSettings, settings: Settings, clock: Clock) -> WebhookSender:
    if receiver.url.startswith("http://"):
        host = urlsplit(receiver.url).hostname or "its address"
        refuse_plaintext(f"the webhook {name!r}", [host], "write https:// in its url", allowed=settings.allow_plaintext)
    client = OutboundClient(settings.alerts.private_hosts, "SQUALL_ALERTS__PRIVATE_HOSTS")
    return WebhookSender(receiver.url, receiver.secret.get_secret_value(), receiver.timeout_seconds, clock, client)
