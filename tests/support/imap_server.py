"""Dovecot on loopback, with one account, over TLS and without."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Self

import pytest
from imapclient import IMAPClient

from squall.app.dev_broker import free_ports

USER, PASSWORD = "desk", "correct-horse-battery"
START_SECONDS = 20.0
_CONFIG = """
base_dir = {run}
state_dir = {run}/state
log_path = {home}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain
first_valid_uid = 1
mail_location = maildir:{home}/Maildir
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
{capability}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class ImapServer:
    """A server with an empty INBOX.

    Args:
        folder: of a test.
        certificate: PEM, with its chain.
        key: PEM.
        idle: whether it offers IDLE.
    """

    def __init__(self, folder: Path, certificate: Path, key: Path, *, idle: bool = True) -> None:
        if shutil.which("dovecot") is None or os.geteuid() != 0:
            pytest.skip("Dovecot is not there, or this is not root: tests/support/install-system-packages.sh installs it")
        self.port, self.tls_port = free_ports(2)
        self._home = Path(tempfile.mkdtemp(prefix="imap-"))  # its sockets need a short path
        self._home.chmod(0o755)
        account = pwd.getpwnam("nobody")
        os.chown(self._home, account.pw_uid, account.pw_gid)
        run = self._home / "run"
        config = folder / "dovecot.conf"
        capability = "" if idle else "imap_capability = IMAP4rev1 LITERAL+ UIDPLUS"
        values = {"user": "nobody", "group": "nogroup", "password": PASSWORD}
        config.write_text(
            _CONFIG.format(
                home=self._home,
                run=run,
                certificate=certificate,
                key=key,
                port=self.port,
                tls_port=self.tls_port,
                capability=capability,
                **values,
            )
        )
        self.password = values["password"]
        self._command = ["dovecot", "-F", "-c", str(config)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def start(self) -> None:
        """Start, and wait until it accepts connections."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        deadline = time.monotonic() + START_SECONDS
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                if link.recv(4) == b"* OK":
                    return
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = self._home / "dovecot.log"
                said = self._process.stderr.read() if self._process.poll() is not None and self._process.stderr else b""
                raise AssertionError(f"Dovecot did not start: {said!r} {log.read_text() if log.exists() else ''}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop, and wait."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            if self._process.stderr:
                self._process.stderr.close()
            self._process = None

    def client(self) -> IMAPClient:
        """Return a client that is logged in."""
        client = IMAPClient("127.0.0.1", self.port, ssl=False, timeout=10)
        client.login(USER, self.password)
        return client

    def deliver(self, *messages: bytes | EmailMessage, folder: str = "INBOX") -> None:
        """Put messages into a folder, which is made if it is not there."""
        client = self.client()
        if not client.folder_exists(folder):
            client.create_folder(folder)
        for message in messages:
            client.append(folder, bytes(message))
        client.logout()

    def renumber(self, folder: str = "INBOX") -> None:
        """Give the folder another UIDVALIDITY and its messages other UIDs, as after a move to another server."""
        client = self.client()
        client.select_folder(folder)
        messages = [data[b"BODY[]"] for _, data in sorted(client.fetch(client.search("ALL"), ["BODY.PEEK[]"]).items())]
        client.logout()
        self.stop()
        shutil.rmtree(self._home / "Maildir")
        self.start()
        self.deliver(b"Subject: the first\r\n\r\nmoves the numbers", *messages, folder=folder)


def mail(subject: str, text: str = "", **headers: str) -> EmailMessage:
    """Return an e-mail with a Message-ID of its own subject."""
    message = EmailMessage()
    name = "".join(each if each.isalnum() and each.isascii() else "-" for each in subject) or "empty"
    for header, value in {
        "Subject": subject,
        "From": "Newswire <alerts@wire.example>",
        "Message-ID": f"<{name}@wire.example>",
        "Date": "Sun, 1 Mar 2026 10:00:00 +0100",
        **{header.replace("_", "-"): value for header, value in headers.items()},
    }.items():
        if value:
            message[header] = value
    message.set_content(text)
    return message
