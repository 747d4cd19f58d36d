"""E-mail through an SMTP server."""

from __future__ import annotations

import logging
import smtplib
from email import message_from_bytes, policy
from email.utils import getaddresses
from typing import Final

from squall.alerts.interfaces import DeliveryRefusedError, DeliveryUnavailableError
from squall.alerts.notification.email.smtp_session import SmtpSession
from squall.core.config.alerts import AlertSettings
from squall.core.errors import ConfigurationError, SquallError
from squall.core.net.deadline import Deadline
from squall.core.net.plaintext import refuse_plaintext
from squall.core.net.tls import PROBE_SECONDS, TlsFiles, TlsNames, client_context, explain, probe
from squall.storage.rows.alerting import Notification

log = logging.getLogger(__name__)

NAMES: Final = TlsNames(
    link="the mail server",
    address="SQUALL_ALERTS__SMTP_HOST",
    enable_hint="set SQUALL_ALERTS__SMTP_SECURITY=tls",
    port_hint="check SQUALL_ALERTS__SMTP_PORT, or set SQUALL_ALERTS__SMTP_SECURITY=starttls",
    ca="SQUALL_ALERTS__SMTP_CA_FILE",
)


class SmtpSender:
    """Sends through an SMTP server, one connection per mail, within the time of the settings as a whole.

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
        """Send to the addresses in the mail's `To`.

        Raises:
            DeliveryUnavailableError: no answer, a refused login, or a temporary refusal: try again.
            DeliveryRefusedError: the server refuses this mail for good.
        """
        message = message_from_bytes(notification.message, policy=policy.SMTP)
        to = message.get_all("To", [])
        if len(to) != 1:
            raise DeliveryRefusedError(f"mail {notification.id} has {len(to)} To headers, not one", "it was not made by Squall")
        recipients = [address for _, address in getaddresses([str(to[0])])]
        sender = getaddresses([str(message["From"])])[0][1]
        deadline = Deadline(self._settings.smtp_timeout_seconds)
        try:
            with self._connect(deadline) as server:
                refused = server.sendmail(sender, recipients, notification.message)
        except smtplib.SMTPRecipientsRefused as error:
            raise self._refusal(min(error.recipients.values())) from error
        except smtplib.SMTPAuthenticationError as error:
            raise self._refused_login(error) from error
        except smtplib.SMTPResponseException as error:
            raise self._refusal((error.smtp_code, error.smtp_error)) from error
        except (smtplib.SMTPException, OSError, ConfigurationError) as error:
            raise self._unavailable(error, deadline) from error
        for address, reply in refused.items():
            log.warning("%s accepted the mail, but not for %s: %s", self.describe(), address, _text(reply[1]))

    def check(self) -> None:
        """Connect, log in where a user is set, and leave, within the time of a mail.

        Raises:
            DeliveryUnavailableError: the server does not answer, or refuses the login; names the setting to correct.
        """
        deadline = Deadline(self._settings.smtp_timeout_seconds)
        try:
            with self._connect(deadline) as server:
                server.noop()
        except smtplib.SMTPAuthenticationError as error:
            raise self._refused_login(error) from error
        except (smtplib.SMTPException, OSError, ConfigurationError) as error:
            raise self._unavailable(error, deadline) from error

    def describe(self) -> str:
        """Return where mail goes, for people."""
        return f"SMTP server {self._settings.smtp_host}:{self._settings.smtp_port}"

    def _connect(self, deadline: Deadline) -> SmtpSession:
        settings = self._settings
        context = client_context(TlsFiles(settings.smtp_ca_file), NAMES)
        if settings.smtp_security == "tls":
            server = SmtpSession(settings.smtp_host, settings.smtp_port, context, deadline, deadline)
        else:  # a server that expects TLS says nothing: time is left to find that out
            server = SmtpSession(settings.smtp_host, settings.smtp_port, None, deadline, deadline.earlier(PROBE_SECONDS))
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

    def _unavailable(self, error: Exception, deadline: Deadline) -> DeliveryUnavailableError:
        """Return an error that names the setting to correct. Mails stay queued until it is."""
        host, port = self._settings.smtp_host, self._settings.smtp_port
        if isinstance(error, smtplib.SMTPNotSupportedError):
            return DeliveryUnavailableError(f"{self.describe()}: {error}", "check SQUALL_ALERTS__SMTP_SECURITY")
        trouble = error if isinstance(error, ConfigurationError) else explain(error, f"{host}:{port}", NAMES)
        if trouble is None and self._settings.smtp_security != "tls":
            trouble = probe(host, port, None, NAMES, deadline.sooner(PROBE_SECONDS))
        if trouble is not None:
            return DeliveryUnavailableError(trouble.what, trouble.hint)
        if deadline.passed:
            return DeliveryUnavailableError(
                f"{self.describe()} did not finish within {self._settings.smtp_timeout_seconds:g} s",
                "check the server, or raise SQUALL_ALERTS__SMTP_TIMEOUT_SECONDS",
            )
        return DeliveryUnavailableError(f"{self.describe()} does not answer: {error}", "check SQUALL_ALERTS__SMTP_HOST and _PORT")

    def _refusal(self, reply: tuple[int, bytes | str]) -> SquallError:
        code, words = reply
        what = f"{self.describe()} refused the mail: {code} {_text(words)}"
        if code >= 500:
            return DeliveryRefusedError(what, "check SQUALL_ALERTS__TO and SQUALL_ALERTS__FROM")
        return DeliveryUnavailableError(what)


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
