"""A folder of mail as a source, on Dovecot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from squall.core.errors import ConfigurationError, UnavailableError
from squall.core.items import Item
from squall.ingest.mail.source import ImapType
from squall.sources.conformance import SourceConformance, SourceRig, TypeRig, run
from tests.support.certificates import Authorities
from tests.support.imap_server import USER, ImapServer, mail

TITLES = ["Harbor Union halts withdrawals", "Größe: Umsatz steigt", "Third", "Fourth", "Fifth"]


@pytest.fixture(scope="module")
def certificate(authorities: Authorities) -> tuple[Path, Path]:
    return authorities.ours.issue("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path]) -> Iterator[ImapServer]:
    with ImapServer(tmp_path_factory.mktemp("imap"), *certificate) as running:
        yield running


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path]) -> Iterator[ImapServer]:
    with ImapServer(tmp_path_factory.mktemp("imap-silent"), *certificate, idle=False) as running:
        yield running


def rig_of(server: ImapServer, authorities: Authorities, state: Path, **more: Any) -> TypeRig:
    """A rig over a folder of mail of its own."""
    mailbox = f"F{state.name}"
    options = {
        "host": "127.0.0.1",
        "port": server.tls_port,
        "username": USER,
        "password": server.password,
        "ca_file": authorities.ours.file,
        "folder": mailbox,
        "start": "beginning",
        "interval_seconds": 0.1,
    }
    rig = TypeRig(ImapType(), options | more, state, titles=TITLES, rejects=1)
    rig.mailbox = mailbox  # type: ignore[attr-defined]
    return rig


@pytest.fixture
def fill(server: ImapServer, authorities: Authorities, tmp_path: Path) -> Callable[..., TypeRig]:
    def make(*messages: Any, **more: Any) -> TypeRig:
        rig = rig_of(server, authorities, tmp_path, **more)
        server.deliver(*messages, folder=rig.mailbox)  # type: ignore[attr-defined]
        return rig

    return make


def items_of(rig: TypeRig, expected: int) -> list[Item]:
    return [item for batch in run(rig, expected=expected) for item in batch.items]


class TestImap(SourceConformance):
    @pytest.fixture(params=["idle", "polled"])
    def rig(self, request: pytest.FixtureRequest, authorities: Authorities, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SourceRig:
        monkeypatch.setattr("squall.ingest.mail.source._BATCH_MAILS", 2)
        server: ImapServer = request.getfixturevalue("server" if request.param == "idle" else "silent")
        made = rig_of(server, authorities, tmp_path)
        messages = [mail(title, "words") for title in TITLES]
        empty = mail("", "", Message_ID="<none@wire.example>")
        server.deliver(*messages[:3], empty, *messages[3:], folder=made.mailbox)  # type: ignore[attr-defined]
        return made


def test_what_arrives_while_it_waits_is_delivered(server: ImapServer, fill: Callable[..., TypeRig]) -> None:
    rig = fill(mail("old"), start="end")
    stop = threading.Event()
    with rig.open() as source:
        batches = source.batches(stop)
        next(batches).commit()
        late = threading.Timer(0.5, lambda: server.deliver(mail("new"), folder=rig.mailbox))  # type: ignore[attr-defined]
        late.start()
        batch = next(batches)
        late.join()
        batch.commit()
        assert [item.document.title for item in batch.items if item.document] == ["new"]
        stop.set()
        assert list(batches) == []


def test_a_newsletter_gives_its_text_without_markup_and_attachments(fill: Callable[..., TypeRig]) -> None:
    message = mail("Daily", "This is a multi-part message.", Message_ID="<daily-1@wire.example>")
    message.add_alternative("<style>p{}</style><p>Harbor Union <b>halts</b> withdrawals, says the bank.</p>", subtype="html")
    message.add_attachment(b"secret figures", maintype="text", subtype="plain", filename="notes.txt")
    (item,) = items_of(fill(message, symbols=("hub",), source="newsletters"), 1)
    document = item.document
    assert document is not None
    assert (document.title, document.author, document.source, document.symbols) == ("Daily", "Newswire", "newsletters", ("HUB",))
    assert "halts withdrawals, says the bank" in document.text
    assert "secret" not in document.text
    assert "<" not in document.text
    assert document.published_at.isoformat() == "2026-03-01T09:00:00+00:00"


@pytest.mark.parametrize("date", ["", "soon", "Sun, 1 Mar 2099 10:00:00 +0100"])
def test_an_e_mail_without_a_usable_date_has_the_time_of_its_arrival(fill: Callable[..., TypeRig], date: str) -> None:
    message = mail("Undated", "words")
    del message["Date"]
    raw = bytes(message) if not date else f"Date: {date}\r\n".encode() + bytes(message)
    (item,) = items_of(fill(raw), 1)
    assert item.document is not None
    assert abs((item.document.collected_at - item.document.published_at).total_seconds()) < 120
    assert not item.document.undated


def test_a_folder_that_is_numbered_anew_is_read_again_with_the_same_identities(
    tmp_path: Path, certificate: tuple[Path, Path], authorities: Authorities
) -> None:
    with ImapServer(tmp_path, *certificate) as server:
        rig = rig_of(server, authorities, tmp_path, folder="INBOX")
        server.deliver(mail("one", "a"), mail("two", "b"))
        first = {item.document.id for item in items_of(rig, 2) if item.document}
        assert items_of(rig, 0) == []
        server.renumber()
        again = {item.document.id: item.document.title for item in items_of(rig, 3) if item.document}
    assert first < set(again)
    assert len(again) == 3


def test_nothing_is_marked_as_seen(server: ImapServer, fill: Callable[..., TypeRig]) -> None:
    rig = fill(mail("one", "a"))
    items_of(rig, 1)
    client = server.client()
    client.select_folder(rig.mailbox)  # type: ignore[attr-defined]
    assert client.search("UNSEEN") == [1]
    client.logout()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"password": "wrong"}, ConfigurationError, f"refuses the login of {USER}"),
        ({"folder": "Nowhere"}, ConfigurationError, "no folder 'Nowhere'.*INBOX"),
        ({"ca_file": None}, ConfigurationError, "certificate of 127.0.0.1 was not accepted"),
        ({"port": 1}, UnavailableError, "127.0.0.1 did not answer: ConnectionRefusedError"),
    ],
    ids=["login", "folder", "certificate", "port"],
)
def test_a_refusal_names_what_to_correct_and_no_secret(
    fill: Callable[..., TypeRig], change: dict[str, Any], error: type[Exception], words: str
) -> None:
    rig = fill(mail("one", "a"), **change)
    with rig.open() as source, pytest.raises(error, match=words) as raised:
        next(iter(source.batches(threading.Event())))
    assert str(rig.options.password.get_secret_value()) not in str(raised.value)  # type: ignore[attr-defined]
    assert str(rig.options.password.get_secret_value()) not in repr(rig.options)  # type: ignore[attr-defined]


def test_a_check_says_how_old_the_last_e_mail_is(server: ImapServer, fill: Callable[..., TypeRig]) -> None:
    rig = fill(mail("one", "a"), mail("two", "b"), security="starttls", port=server.port)
    answer = rig.kind.check(rig.options, rig.context(), threading.Event(), 10)
    assert answer.last_document_at is not None
    assert answer.last_document_at.isoformat() == "2026-03-01T09:00:00+00:00"
    assert "2 e-mails" in answer.detail
