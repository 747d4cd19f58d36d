"""E-mail through an SMTP server."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Sequence
from typing import Final

from squall.alerts.interfaces import DeliveryRefusedError, DeliveryUnavailableError
from squall.alerts.notification.email.envelope import Envelope
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
_LOGIN_HINT: Final = "check SQUALL_ALERTS__SMTP_USER and SQUALL_ALERTS__SMTP_PASSWORD"
_ASCII_HINT: Final = "use an address in ASCII before the @ (alerts.to, alerts.from, receivers), or a mail server with SMTPUTF8"
_OPTIONS: Final = ("SMTPUTF8", "BODY=8BITMIME")


class SmtpSender:
    """Sends through an SMTP server, one connection per mail, within the time of the settings as a whole.

    Raises:
        ConfigurationError: the link would be in plaintext and may not, the CA file can't be used, or the login can't be sent.
    """

    def __init__(self, settings: AlertSettings, *, allow_plaintext: bool = False) -> None:
        if settings.smtp_security == "none":
            instead = "set SQUALL_ALERTS__SMTP_SECURITY=starttls (or tls)"
            refuse_plaintext("the mail server", [settings.smtp_host], instead, allowed=allow_plaintext)
        client_context(TlsFiles(settings.smtp_ca_file), NAMES)
        if not (settings.smtp_user + settings.smtp_password.get_secret_value()).isascii():
            raise ConfigurationError("user or password of the mail server holds letters beyond ASCII", _LOGIN_HINT)
        self._settings = settings

    def send(self, notification: Notification) -> None:
        """Send to the addresses in the mail's `To`.

        Raises:
            DeliveryUnavailableError: no answer, a refused login, or a temporary refusal: try again.
            DeliveryRefusedError: the server refuses this mail for good.
        """
        mail = Envelope.of(notification)
        deadline = Deadline(self._settings.smtp_timeout_seconds)
        try:
            with self._connect(deadline) as server:
                if mail.needs_smtputf8 and not self._takes_utf8(server):
                    mail = self._in_ascii(mail)
                refused = server.sendmail(mail.sender, mail.recipients, mail.message, _OPTIONS if mail.needs_smtputf8 else ())
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
            DeliveryRefusedError: it does not offer what an address of the settings needs.
        """
        deadline = Deadline(self._settings.smtp_timeout_seconds)
        try:
            with self._connect(deadline) as server:
                server.noop()
                takes_utf8 = self._takes_utf8(server)
        except smtplib.SMTPAuthenticationError as error:
            raise self._refused_login(error) from error
        except (smtplib.SMTPException, OSError, ConfigurationError) as error:
            raise self._unavailable(error, deadline) from error
        demanding = [] if takes_utf8 else self._settings.needing_smtputf8
        if demanding:
            raise DeliveryRefusedError(self._without_utf8(demanding), _ASCII_HINT)

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

    @staticmethod
    def _takes_utf8(server: SmtpSession) -> bool:
        server.ehlo_or_helo_if_needed()
        return server.has_extn("smtputf8")

    def _in_ascii(self, mail: Envelope) -> Envelope:
        """Return the mail to those whom a server without SMTPUTF8 can reach; the others are named in the log.

        Raises:
            DeliveryRefusedError: it can reach none of them.
        """
        left = mail.in_ascii()
        demanding = [address for address in (mail.sender, *mail.recipients) if not address.isascii()]
        if left is None:
            raise DeliveryRefusedError(self._without_utf8(demanding), _ASCII_HINT)
        log.warning("%s; the mail goes to the others", self._without_utf8(demanding))
        return left

    def _without_utf8(self, demanding: Sequence[str]) -> str:
        return f"{self.describe()} does not offer SMTPUTF8, which {', '.join(demanding)} needs"

    def _refused_login(self, error: smtplib.SMTPAuthenticationError) -> DeliveryUnavailableError:
        return DeliveryUnavailableError(
            f"{self.describe()} refused the login: {_text(error.smtp_error)}",
            _LOGIN_HINT,
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
