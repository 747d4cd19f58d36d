"""A login that fails: which failures may pass, and which are the user's to correct."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from squall.core.errors import ConfigurationError, SquallError, UnavailableError
from squall.ingest.mail.mailbox import Account, Mailbox


@pytest.fixture
def answering() -> Iterator[Callable[[str], int]]:
    """Start a server that gives the request to log in one answer, without its tag; with none it ends the connection."""
    listeners: list[socket.socket] = []

    def start(answer: str) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
                for line in lines:
                    tag, command, *_ = line.split()
                    if command.upper() != b"LOGIN":
                        connection.sendall(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
                    elif answer:
                        connection.sendall(tag + answer.encode() + b"\r\n")
                    else:
                        return

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("", UnavailableError),
        (" NO [UNAVAILABLE] Temporary authentication failure.", UnavailableError),
        (" NO [INUSE] too many connections", UnavailableError),
        (" NO [AUTHENTICATIONFAILED] correct-horse", ConfigurationError),
        (" NO correct-horse", ConfigurationError),
    ],
    ids=["cut", "unavailable", "in-use", "wrong", "no-code"],
)
def test_only_a_login_that_is_refused_is_not_tried_again(answering: Callable[[str], int], answer: str, error: type[SquallError]) -> None:
    with pytest.raises(error) as raised:
        Mailbox(Account("127.0.0.1", answering(answer), "none", "desk", "correct-horse"), "INBOX")
    assert "correct-horse" not in str(raised.value)
