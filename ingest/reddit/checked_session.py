"""The HTTP session of PRAW: its connections go to addresses that were checked, as those of feeds do."""

from __future__ import annotations

import socket
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from squall.core.net.outbound.policy import ForbiddenHostError, HostPolicy
from squall.core.net.outbound.sockets import checked_socket

_CONNECT_SECONDS: Final = 10.0


def checked_session(policy: HostPolicy) -> requests.Session:
    """Return a session whose connections go to addresses that `policy` allows; behind a proxy the proxy resolves and decides."""
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _CheckedAdapter(policy))
    return session


class _CheckedAdapter(HTTPAdapter):
    def __init__(self, policy: HostPolicy) -> None:
        self._policy = policy
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        policy = self._policy

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return _connected(policy, self)

        class Encrypted(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return _connected(policy, self)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}


def _connected(policy: HostPolicy, connection: HTTPConnection) -> socket.socket:
    try:
        return checked_socket(policy, connection.host, connection.port, _CONNECT_SECONDS)
    except (ForbiddenHostError, OSError) as error:
        raise NewConnectionError(connection, str(error)) from error
