"""Delivery of messages: e-mail to a folder or by SMTP; every message is kept and tried again until it is sent."""

from __future__ import annotations

import logging
import os
import smtplib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.utils import getaddresses
from pathlib import Path
from typing import Final

from squall.alerts.interfaces import DeliveryRefusedError, DeliveryUnavailableError, Outbox, Sender
from squall.core.clock import Clock
from squall.core.config.alerts import AlertSettings
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError, SquallError, UnavailableError
from squall.core.net.plaintext import refuse_plaintext
from squall.core.net.tls import TlsFiles, TlsNames, client_context, explain, probe
from squall.core.observability.health import Health
from squall.storage.rows.alerting import Notification

log = logging.getLogger(__name__)

FIRST_RETRY: Final = timedelta(seconds=15)
LONGEST_RETRY: Final = timedelta(minutes=10)
REFUSED_RETRY: Final = timedelta(hours=1)
"""A mail that was refused for good may pass after somebody corrects an address; until then it is tried, and reported, this seldom."""
NAMES: Final = TlsNames(
    link="the mail server",
    address="SQUALL_ALERTS__SMTP_HOST",
    switch="set SQUALL_ALERTS__SMTP_SECURITY=tls",
    unswitch="check SQUALL_ALERTS__SMTP_PORT, or set SQUALL_ALERTS__SMTP_SECURITY=starttls",
    ca="SQUALL_ALERTS__SMTP_CA_FILE",
)
_PERMANENT: Final = "refused: "
"""How `last_error` begins after a refusal, so that a restart remembers to be slow."""


class FolderMailer:
    """Writes `<notification id>.eml` into a folder; writing it twice leaves one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, notification: Notification) -> None:
        """Write the file, whole or not at all."""
        target = self._folder / f"{notification.id}.eml"
        partial = target.with_suffix(".eml.part")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with partial.open("wb") as file:
                file.write(notification.message)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except OSError as error:
            raise DeliveryUnavailableError(
                f"can't write {target}: {error.strerror or error}", "free space, or set SQUALL_ALERTS__OUTBOX"
            ) from error

    def describe(self) -> str:
        """Say where mail goes."""
        return f"folder {self._folder}"


class SmtpMailer:
    """Sends through an SMTP server, one connection per mail.

    Raises:
        ConfigurationError: the link would be in plaintext and may not, or the CA file can't be used.
    """

    def __init__(self, settings: AlertSettings, *, allow_plaintext: bool = False) -> None:
        if settings.smtp_security == "none":
            instead = "set SQUALL_ALERTS__SMTP_SECURITY=starttls (or tls)"
            refuse_plaintext("the mail server", [settings.smtp_host], instead, allowed=allow_plaintext)
        client_context(TlsFiles(settings.smtp_ca_file), NAMES)
        self._settings = settings

    def send(self, notification: Notification) -> None:
        """Send to the addresses in the mail's `To`."""
        message = message_from_bytes(notification.message, policy=policy.SMTP)
        recipients = [address for _, address in getaddresses([str(value) for value in message.get_all("To", [])])]
        sender = getaddresses([str(message["From"])])[0][1]
        try:
            with self._connect() as server:
                refused = server.sendmail(sender, recipients, notification.message)
        except smtplib.SMTPRecipientsRefused as error:
            raise self._refusal(min(error.recipients.values())) from error
        except smtplib.SMTPAuthenticationError as error:
            raise self._refused_login(error) from error
        except smtplib.SMTPResponseException as error:
            raise self._refusal((error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPException, OSError, ConfigurationError) as error:
            raise self._unavailable(error) from error
        for address, reply in refused.items():
            log.warning("%s took the mail but not for %s: %s", self.describe(), address, _text(reply[1]))

    def check(self) -> None:
        """Connect, log in where a user is set, and leave.

        Raises:
            MailUnavailableError: the server does not answer, or refuses us; says which setting to mend.
        """
        try:
            with self._connect() as server:
                server.noop()
        except smtplib.SMTPAuthenticationError as error:
            raise self._refused_login(error) from error
        except (smtplib.SMTPException, OSError, ConfigurationError) as error:
            raise self._unavailable(error) from error

    def describe(self) -> str:
        """Say where mail goes."""
        return f"SMTP server {self._settings.smtp_host}:{self._settings.smtp_port}"

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        context = client_context(TlsFiles(settings.smtp_ca_file), NAMES)
        server: smtplib.SMTP
        if settings.smtp_security == "tls":
            server = smtplib.SMTP_SSL(settings.smtp_host, settings.smtp_port, timeout=settings.smtp_timeout_seconds, context=context)
        else:
            server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=settings.smtp_timeout_seconds)
        try:
            if settings.smtp_security == "starttls":
                server.starttls(context=context)
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _refused_login(self, error: smtplib.SMTPAuthenticationError) -> DeliveryUnavailableError:
        return DeliveryUnavailableError(
            f"{self.describe()} refused the login: {_text(error.smtp_error)}",
            "check SQUALL_ALERTS__SMTP_USER and SQUALL_ALERTS__SMTP_PASSWORD",
        )

    def _unavailable(self, error: Exception) -> DeliveryUnavailableError:
        """Say what to mend; mails wait all the same, because somebody will."""
        host, port = self._settings.smtp_host, self._settings.smtp_port
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return DeliveryUnavailableError(f"{self.describe()}: {error}", "check SQUALL_ALERTS__SMTP_SECURITY")
        trouble = error if isinstance(error, ConfigurationError) else explain(error, f"{host}:{port}", NAMES)
        if trouble is None and self._settings.smtp_security != "tls":
            trouble = probe(host, port, None, NAMES)
        if trouble is not None:
            return DeliveryUnavailableError(trouble.what, trouble.hint)
        return DeliveryUnavailableError(f"{self.describe()} does not answer: {error}", "check SQUALL_ALERTS__SMTP_HOST and _PORT")

    def _refusal(self, reply: tuple[int, bytes | str]) -> SquallError:
        code, words = reply
        what = f"{self.describe()} refused the mail: {code} {_text(words)}"
        if code >= 500:
            return DeliveryRefusedError(what, "check SQUALL_ALERTS__TO and SQUALL_ALERTS__FROM")
        return DeliveryUnavailableError(what)


class CopyingMailer:
    """Sends, and keeps a copy in a folder."""

    def __init__(self, folder: FolderMailer, mailer: Sender) -> None:
        self._folder = folder
        self._mailer = mailer

    def send(self, notification: Notification) -> None:
        """Keep the copy first: it can be written again, a sent mail can't be called back."""
        self._folder.send(notification)
        self._mailer.send(notification)

    def describe(self) -> str:
        """Say where mail goes."""
        return f"{self._mailer.describe()}, copies in {self._folder.describe()}"


def open_mailer(settings: Settings) -> Sender:
    """Return the configured mailer: SMTP when a host is set (with copies if an outbox is), else the outbox folder."""
    alerts = settings.alerts
    if not alerts.smtp_host:
        return FolderMailer(alerts.outbox or settings.data_dir / "outbox")
    smtp = SmtpMailer(alerts, allow_plaintext=settings.allow_plaintext)
    return CopyingMailer(FolderMailer(alerts.outbox), smtp) if alerts.outbox else smtp


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What one delivery did."""

    sent: int = 0
    waiting: int = 0
    last_error: str = ""


def deliver(store: Outbox, mailer: Sender, clock: Clock, health: Health | None = None) -> DeliveryReport:
    """Send the queued messages that are due, oldest first, and mark them sent.

    A message is marked after it was sent: a crash in between sends it again with the same id, which mail readers fold into one. When
    a receiver does not answer its other messages wait too. A later message about a group of alerts never overtakes an earlier one.
    """
    health = health or Health(clock)
    sent, waiting, last_error = 0, 0, ""
    blocked: set[tuple[str, str]] = set()
    down: set[str] = set()
    for notification in store.pending():
        order = notification.receiver, notification.alert_id
        if notification.receiver in down or order in blocked or clock.now() < _due(notification):
            waiting, last_error = waiting + 1, last_error or notification.last_error
            blocked.add(order)
            continue
        try:
            mailer.send(notification)
        except UnavailableError as error:
            last_error = str(error)
            down.add(notification.receiver)
            health.metrics.message("unavailable")
            _keep(store, notification, clock, last_error)
        except DeliveryRefusedError as error:
            last_error = f"{_PERMANENT}{error}"
            health.metrics.message("refused")
            health.dependencies.answered("receivers")
            _keep(store, notification, clock, last_error)
        else:
            now = clock.now()
            store.write([replace(notification, status="sent", attempts=notification.attempts + 1, last_error="", updated_at=now)])
            sent += 1
            health.metrics.message("sent")
            health.dependencies.answered("receivers")
            continue
        blocked.add(order)
        waiting += 1
    if down:
        health.dependencies.failed("receivers")
    health.metrics.messages_waiting(waiting)
    return DeliveryReport(sent, waiting, last_error)


def _due(notification: Notification) -> datetime:
    if not notification.attempts:
        return notification.created_at
    if notification.last_error.startswith(_PERMANENT):
        return notification.updated_at + REFUSED_RETRY
    pause = FIRST_RETRY * float(2 ** min(notification.attempts - 1, 10))
    return notification.updated_at + min(pause, LONGEST_RETRY)


def _keep(store: Outbox, notification: Notification, clock: Clock, error: str) -> None:
    log.warning("message %s to %s is kept: %s", notification.id, notification.receiver, error)
    store.write([replace(notification, attempts=notification.attempts + 1, last_error=error, updated_at=clock.now())])


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
