"""One way to listen: each reason that a socket can't be opened names the setting to change."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from squall.core.errors import ConfigurationError
from squall.core.net.listen import listen


def opened(host: str, port: int = 0) -> socket.socket:
    return listen(host, port, server="the test server", settings="SQUALL_TEST")


def refused(host: str, port: int = 0) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        opened(host, port).close()
    return caught.value


@pytest.mark.parametrize(("host", "connect"), [("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("", "127.0.0.1")])
def test_a_client_can_connect(host: str, connect: str) -> None:
    with opened(host) as server, socket.create_connection((connect, server.getsockname()[1]), 5):
        pass


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_ipv6_addresses_are_taken_with_and_without_brackets(host: str) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        server = opened(host)
    except ConfigurationError:
        pytest.skip("this machine has no IPv6 loopback")
    with server, socket.create_connection(("::1", server.getsockname()[1]), 5):
        assert server.family == socket.AF_INET6


def test_a_port_in_use_names_the_port_setting() -> None:
    with opened("127.0.0.1") as server:
        port = server.getsockname()[1]
        error = refused("127.0.0.1", port)
    assert error.what == f"the test server can't listen on 127.0.0.1:{port}: another process uses this port"
    assert error.hint == "set SQUALL_TEST__PORT to a free port"


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "2001:db8::1"])
def test_an_address_of_another_machine_names_the_host_setting(host: str) -> None:
    error = refused(host)
    assert "the test server can't listen on" in error.what
    assert "SQUALL_TEST__HOST" in error.hint


def test_a_host_that_can_be_no_name_names_the_host_setting() -> None:
    assert refused("x" * 64 + ".example").hint == "correct SQUALL_TEST__HOST"


@pytest.mark.parametrize(
    ("code", "what", "hint"),
    [
        (errno.EACCES, "may not use this port", "above 1023"),
        (errno.EPERM, "may not use this port", "above 1023"),
        (errno.EMFILE, os.strerror(errno.EMFILE), "SQUALL_TEST__HOST and SQUALL_TEST__PORT"),
    ],
)
def test_other_reasons_are_in_the_message(monkeypatch: pytest.MonkeyPatch, code: int, what: str, hint: str) -> None:
    def fail(*_: object, **__: object) -> socket.socket:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(socket, "create_server", fail)
    error = refused("127.0.0.1", 80)
    assert what in error.what
    assert hint in error.hint
