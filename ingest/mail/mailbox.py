"""One folder of mail over IMAP, in terms of this source's errors."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from squall.core.errors import ConfigurationError, UnavailableError

_CONNECT_SECONDS: Final = 20.0
_IDLE_CHECK_SECONDS: Final = 0.1
_TEMPORARY: Final = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]")
"""Codes of a login that may succeed later (RFC 5530): the password was not found wrong."""

Security = Literal["tls", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class Account:
    """Where the mail is, and who asks.

    Args:
        host: of the server.
        port: of the server.
        security: TLS from the start, by STARTTLS, or none.
        username: of the account.
        password: of the account.
        ca_file: CA certificates that are trusted; None: those of the system.
    """

    host: str
    port: int
    security: Security
    username: str
    password: str
    ca_file: Path | None = None

    def __repr__(self) -> str:
        return f"Account({self.username}@{self.host}:{self.port})"


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail: its UID, when the server received it, and its first bytes."""

    uid: int
    received_at: datetime | None
    raw: bytes


class Mailbox:
    """A connection with one folder open, read only: nothing is marked as seen.

    Args:
        account: where.
        folder: such as INBOX.

    Raises:
        UnavailableError: the server does not answer.
        ConfigurationError: it refuses the login or the certificate, or has no such folder.
    """

    def __init__(self, account: Account, folder: str) -> None:
        self._account = account
        with self._errors():
            context = ssl.create_default_context(cafile=str(account.ca_file) if account.ca_file else None)
            tls = account.security == "tls"
            self._client: Any = IMAPClient(
                account.host, account.port, ssl=tls, ssl_context=context if tls else None, timeout=_CONNECT_SECONDS
            )
            self._client.normalise_times = False  # times with their zones
            if account.security == "starttls":
                self._client.starttls(context)
            try:
                self._client.login(account.username, account.password)
            except LoginError as error:
                if isinstance(error.__context__, IMAPClientAbortError) or any(code in str(error).upper() for code in _TEMPORARY):
                    raise UnavailableError(f"{account.host} can't log {account.username} in now") from error
                # not the server's words: some repeat what was sent
                raise ConfigurationError(
                    f"{account.host} refuses the login of {account.username}", "correct username and password; is IMAP on for the account?"
                ) from error
            self.can_idle = self._client.has_capability("IDLE")
        self._idling = False
        self._select(folder)

    def _select(self, folder: str) -> None:
        with self._errors():
            if not self._client.folder_exists(folder):
                names = ", ".join(str(name) for _, _, name in self._client.list_folders()[:20])
                raise ConfigurationError(f"there is no folder {folder!r} on {self._account.host}", f"correct folder; there are {names}")
            status = self._client.select_folder(folder, readonly=True)
        self.validity = int(status[b"UIDVALIDITY"])
        self.next_uid = int(status.get(b"UIDNEXT", 0)) or max(self.uids_after(0), default=0) + 1

    def uids_after(self, uid: int) -> list[int]:
        """Return the UIDs above `uid`, ascending."""
        with self._errors():
            found = self._client.search(["UID", f"{uid + 1}:*"])
        return sorted(each for each in found if each > uid)  # `n:*` has the last one, whatever n is

    def fetch(self, uids: Sequence[int], most_bytes: int) -> list[Mail]:
        """Return the e-mails, ascending; of each at most `most_bytes`, from its beginning."""
        with self._errors():
            answers = self._client.fetch(uids, [f"BODY.PEEK[]<0.{most_bytes}>", "INTERNALDATE"])
        return [Mail(uid, answers[uid].get(b"INTERNALDATE"), answers[uid].get(b"BODY[]<0>") or b"") for uid in sorted(answers)]

    def has_news(self) -> bool:
        """Wait a tenth of a second, in IDLE; return whether the server says that something has changed."""
        with self._errors():
            if not self._idling:
                self._client.idle()
                self._idling = True
            answers = self._client.idle_check(timeout=_IDLE_CHECK_SECONDS)
            return any(isinstance(each, tuple) and b"EXISTS" in each for each in answers)

    def end_idle(self) -> None:
        """Leave IDLE, as before every other request."""
        if self._idling:
            self._idling = False
            with self._errors():
                self._client.idle_done()

    def noop(self) -> None:
        """Ask the server for what has changed."""
        with self._errors():
            self._client.noop()

    def close(self) -> None:
        """Disconnect at once."""
        with suppress(IMAPClientError, OSError):
            self._client.shutdown()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        host = self._account.host
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise ConfigurationError(
                f"the certificate of {host} was not accepted: {error.verify_message}", "correct host, or name the CA in ca_file"
            ) from error
        except (IMAPClientError, OSError, EOFError) as error:
            raise UnavailableError(f"{host} did not answer: {type(error).__name__}") from error
