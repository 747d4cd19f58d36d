"""The e-mail sender that the settings describe."""

from __future__ import annotations

from squall.alerts.interfaces import Sender
from squall.alerts.notification.email.folder import FolderSender
from squall.alerts.notification.email.smtp import SmtpSender
from squall.core.config.settings import Settings
from squall.storage.rows.alerting import Notification


class CopyingSender:
    """Writes a copy into a folder, then sends."""

    def __init__(self, folder: FolderSender, sender: Sender) -> None:
        self._folder = folder
        self._sender = sender

    def send(self, notification: Notification) -> None:
        """Write the copy first: it can be written again, while a sent mail can't be recalled."""
        self._folder.send(notification)
        self._sender.send(notification)

    def describe(self) -> str:
        """Return where mail goes, for people."""
        return f"{self._sender.describe()}, copies in {self._folder.describe()}"


def open_email_sender(settings: Settings) -> Sender:
    """Return the configured sender: SMTP when a host is set (with copies if an outbox is set), else the outbox folder.

    Raises:
        ConfigurationError: the link would be in plaintext and may not, or the CA file can't be used.
    """
    alerts = settings.alerts
    if not alerts.smtp_host:
        return FolderSender(alerts.outbox or settings.data_dir / "outbox")
    smtp = SmtpSender(alerts, allow_plaintext=settings.allow_plaintext)
    return CopyingSender(FolderSender(alerts.outbox), smtp) if alerts.outbox else smtp
