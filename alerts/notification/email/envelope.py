"""Who gets a finished mail: read from its headers, which may need SMTPUTF8."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_string, policy
from email.message import EmailMessage
from typing import Final, Self

from squall.alerts.interfaces import DeliveryRefusedError
from squall.core.net.mail_addresses import MailAddress, mail_addresses
from squall.storage.rows.alerting import Notification

_END: Final = b"\r\n\r\n"
_ASCII: Final = policy.SMTP.clone(max_line_length=300)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail, its sender and its recipients as a mail server is told them."""

    sender: str
    recipients: tuple[str, ...]
    message: bytes

    @property
    def needs_smtputf8(self) -> bool:
        """Whether an address needs SMTPUTF8; headers beyond ASCII come with such addresses only."""
        return not all(address.isascii() for address in (self.sender, *self.recipients))

    @classmethod
    def of(cls, notification: Notification) -> Self:
        """Return the envelope of a finished mail.

        Raises:
            DeliveryRefusedError: it has no single `To`, or an address that is none.
        """
        sender, to = _addresses(notification.message, notification.id)
        return cls(sender.envelope, tuple(address.envelope for address in to), notification.message)

    def in_ascii(self) -> Self | None:
        """Return the mail for those recipients that need no SMTPUTF8, with headers in ASCII; None where there are none."""
        head, end, body = self.message.partition(_END)
        sender, to = _addresses(self.message, "")
        plain = [address for address in to if not address.needs_smtputf8]
        if not plain or sender.needs_smtputf8:
            return None
        headers = EmailMessage(policy=_ASCII)
        for name, value in _headers(head).items():
            headers[name] = ", ".join(address.header for address in plain) if name.lower() == "to" else str(value)
        rewritten = headers.as_bytes().partition(_END)[0]
        return type(self)(self.sender, tuple(address.envelope for address in plain), rewritten + end + body)


def _addresses(message: bytes, mail_id: str) -> tuple[MailAddress, list[MailAddress]]:
    headers = _headers(message.partition(_END)[0])
    to = headers.get_all("To", [])
    if len(to) != 1:
        raise DeliveryRefusedError(f"mail {mail_id} has {len(to)} To headers, not one", "it was not made by Squall")
    try:
        return mail_addresses(str(headers["From"]))[0], mail_addresses(str(to[0]))
    except ValueError as error:
        raise DeliveryRefusedError(f"mail {mail_id} can't be addressed: {error}", "check alerts.to, alerts.from and receivers") from None


def _headers(head: bytes) -> EmailMessage:
    return message_from_string(head.decode("utf-8", "replace") + "\r\n\r\n", EmailMessage, policy=policy.SMTPUTF8)
