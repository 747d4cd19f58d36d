"""The type `imap`: a folder of mail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from squall.core.config.sections import ReadableFile
from squall.core.dates.publication_time import zone
from squall.core.errors import InvalidRecordError
from squall.core.items import Batch, Item
from squall.core.net.plaintext import refuse_plaintext
from squall.core.records import Kind
from squall.ingest.documents import Defaults, build_document
from squall.ingest.fields import InvalidFieldError
from squall.ingest.mail.mailbox import Account, Mail, Mailbox
from squall.ingest.mail.messages import fields_of
from squall.ingest.registry.answer import SourceAnswer, answer_of
from squall.ingest.registry.context import SourceContext
from squall.ingest.registry.live import LiveSource
from squall.ingest.registry.source_type import Secret, SourceOptions, SourceType
from squall.ingest.source import OriginNumbers, Source, accepted, rejected

_BATCH_MAILS: Final = 50
_IDLE_SECONDS: Final = 600.0
"""Servers may end an IDLE after half an hour (RFC 2177); some routers forget a silent connection sooner."""
_PORTS: Final = {"tls": 993, "starttls": 143, "none": 143}


class ImapOptions(SourceOptions):
    """Options of the type `imap`."""

    host: str = Field(min_length=1, description="of the IMAP server")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(0, description="0: 993 for tls, else 143")
    security: Literal["tls", "starttls", "none"] = Field(
        "tls", description="encryption; none: to this machine only, unless plaintext is allowed"
    )
    username: str = Field(min_length=1, description="of the account")
    password: Secret = Field(description='of the account, or an app password: "secret:NAME"')
    ca_file: ReadableFile = Field(None, description="trusted CA certificates (PEM); none: those of the system")
    folder: str = Field("INBOX", description="to read; a rule of the mailbox that sorts alerts into a folder of their own keeps others out")
    start: Literal["end", "beginning"] = Field("end", description="at the first start, read only what is new, or all that is there")
    interval_seconds: Annotated[float, Field(gt=0)] = Field(60.0, description="pause between two looks where the server has no IDLE")
    most_bytes: Annotated[int, Field(ge=10_000)] = Field(2_000_000, description="of an e-mail so much is read, from its beginning")
    source: str = Field("", description="source of the documents; empty: the name of this source")
    kind: Literal["news", "social"] = Field("news", description="kind of the documents")
    language: str = Field("und", description="language of e-mails that name none")
    symbols: tuple[str, ...] = Field((), description="symbols added to every document")
    timezone: str = Field("UTC", description="of dates without a zone")


class ImapType(SourceType[ImapOptions]):
    """The type `imap`."""

    name: ClassVar[str] = "imap"
    summary: ClassVar[str] = "e-mails in a folder: alerts and newsletters that a desk receives"
    Options = ImapOptions
    example: ClassVar[str] = (
        'host = "imap.example.com"\nusername = "desk@example.com"\npassword = "secret:desk_mail"\nfolder = "Alerts"  # default: INBOX'
    )

    def open(self, options: ImapOptions, context: SourceContext) -> Source:
        """Return the source; see `SourceType`."""
        return ImapSource(options, context)

    def check(self, options: ImapOptions, context: SourceContext, stop: threading.Event, seconds: float) -> SourceAnswer:  # noqa: ARG002
        """Log in and read the last e-mail."""
        return ImapSource(options, context).newest()


class ImapSource(LiveSource):
    """Delivers e-mails in the order in which the server received them; they are neither marked nor moved.

    The position is the last UID, which is valid as long as the folder's UIDVALIDITY. If the server numbers the folder anew, all of it is
    read again: the Message-ID makes an e-mail that was read before the same document.

    Raises:
        ConfigurationError: the connection would be in plaintext and that is not allowed, or the zone is unknown.
    """

    def __init__(self, options: ImapOptions, context: SourceContext) -> None:
        if options.security == "none":
            instead = 'set security = "tls" or "starttls"'
            refuse_plaintext("the mail server", [options.host], instead, allowed=context.allow_plaintext)
        super().__init__(context)
        self._options = options
        self._numbers = OriginNumbers(context.name, context.clock)
        self._defaults = Defaults(
            source=options.source or context.name,
            kind=Kind(options.kind),
            language=options.language,
            symbols=options.symbols,
            naive=zone(options.timezone),
        )
        self._mailbox: Mailbox | None = None

    def batches(self, stop: threading.Event) -> Iterator[Batch]:
        """Deliver e-mails as they come; see `squall.ingest.source.Source`.

        Raises:
            UnavailableError: the server does not answer.
            ConfigurationError: it refuses the login or the certificate, or has no such folder.
        """
        self._stop = stop
        mailbox = self._mailbox = self._opened()
        saved = self._context.cursor.load()
        if saved is None and self._options.start == "end":
            last = mailbox.next_uid - 1
            yield Batch([], self._context.cursor.commit({"validity": mailbox.validity, "uid": last}))
        else:
            uid, valid = (saved or {}).get("uid"), (saved or {}).get("validity") == mailbox.validity
            last = uid if valid and isinstance(uid, int) else 0
        while not self._is_over():
            uids = mailbox.uids_after(last)
            self._context.report.contact()
            for start in range(0, len(uids), _BATCH_MAILS):
                part = uids[start : start + _BATCH_MAILS]
                mails = mailbox.fetch(part, self._options.most_bytes)
                last = part[-1]
                commit = self._context.cursor.commit({"validity": mailbox.validity, "uid": last})
                yield Batch([self._item(mail) for mail in mails], commit, caught_up=start + _BATCH_MAILS >= len(uids))
                if self._is_over():
                    return
            if not uids:  # else a notice of what came meanwhile went by with the answers
                self._wait(mailbox)

    def newest(self) -> SourceAnswer:
        """Return what the last e-mail is."""
        try:
            mailbox = self._mailbox = self._opened()
            uids = mailbox.uids_after(0)
            items = [self._item(mail) for mail in mailbox.fetch(uids[-1:], self._options.most_bytes)] if uids else []
        finally:
            self.close()
        return answer_of(items, f"{len(uids):,} e-mails in {self._options.folder}{'' if mailbox.can_idle else ', no IDLE'}")

    def close(self) -> None:
        """Disconnect."""
        super().close()
        mailbox, self._mailbox = self._mailbox, None
        if mailbox is not None:
            mailbox.close()

    def _opened(self) -> Mailbox:
        options = self._options
        port = options.port or _PORTS[options.security]
        password = options.password.get_secret_value()
        return Mailbox(Account(options.host, port, options.security, options.username, password, options.ca_file), options.folder)

    def _wait(self, mailbox: Mailbox) -> None:
        """Wait for news: in IDLE, or for the interval."""
        if not mailbox.can_idle:
            if self._context.wait(self._options.interval_seconds, self._stop):
                mailbox.noop()
            return
        clock = self._context.clock
        deadline = clock.monotonic() + _IDLE_SECONDS
        while not self._is_over() and clock.monotonic() < deadline:
            self._context.report.alive()
            if mailbox.has_news():
                break
        if not self._is_over():
            mailbox.end_idle()

    def _item(self, mail: Mail) -> Item:
        origin, now = self._numbers.next(), self._context.clock.now()
        try:
            fields = fields_of(mail.raw)
            if self._options.source:
                fields["source"] = self._options.source
            try:
                return accepted(origin, build_document(fields, self._defaults, now))
            except InvalidFieldError as error:
                if error.field != "published_at" or mail.received_at is None:
                    raise
                # a date that is missing, ahead, or can't be read: when the server received it
                received: Any = mail.received_at.isoformat()
                return accepted(origin, build_document({**fields, "published_at": received}, replace(self._defaults, time_format=""), now))
        except InvalidRecordError as error:
            detail = f"{error.detail} ({self._options.folder}, UID {mail.uid})"
            return rejected(origin, InvalidRecordError(error.reason, detail), mail.raw)
