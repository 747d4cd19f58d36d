"""Which way a message goes: the receivers of the settings, each with its sender."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from squall.alerts.interfaces import DeliveryRefusedError, Sender
from squall.alerts.notification.delivery import open_mailer
from squall.alerts.notification.webhook.sender import WebhookSender
from squall.core.clock import Clock
from squall.core.config.settings import Settings
from squall.core.net.plaintext import refuse_plaintext
from squall.storage.rows.alerting import Notification


class Receivers:
    """Sends each notification by its receiver's own way."""

    def __init__(self, senders: Mapping[str, Sender]) -> None:
        self._senders = senders

    @property
    def names(self) -> tuple[str, ...]:
        """The receivers, the default one first."""
        return tuple(self._senders)

    def send(self, notification: Notification) -> None:
        """Hand over to the sender of `notification.receiver`.

        Raises:
            UnavailableError: it can't send now.
            MailRefusedError: it refused for good, or there is no such receiver any more.
        """
        sender = self._senders.get(notification.receiver)
        if sender is None:
            raise DeliveryRefusedError(
                f"there is no receiver {notification.receiver!r} any more", "give it back in [[alerts.receivers]] to have it sent"
            )
        sender.send(notification)

    def describe(self) -> str:
        """Say where messages go."""
        return "; ".join(f"{name}: {sender.describe()}" for name, sender in self._senders.items())


def open_receivers(settings: Settings, clock: Clock) -> Receivers:
    """Return every receiver's sender: webhooks by themselves, all e-mail through the one mailer that the settings describe.

    Raises:
        ConfigurationError: a message would go to another machine in plaintext, and that was not allowed.
    """
    mailer = open_mailer(settings)
    senders: dict[str, Sender] = {}
    for name, receiver in settings.alerts.by_name.items():
        if receiver.url.startswith("http://"):
            host = urlsplit(receiver.url).hostname or receiver.url
            refuse_plaintext(f"the webhook {name!r}", [host], "write https:// in its url", allowed=settings.allow_plaintext)
        webhook = WebhookSender(receiver.url, receiver.secret.get_secret_value(), receiver.timeout_seconds, clock)
        senders[name] = webhook if receiver.url else mailer
    return Receivers(senders)
