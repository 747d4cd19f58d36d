"""Which hosts a request may reach: public addresses, and the hosts that the operator named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from squall.core.net.addresses import is_loopback, split_server
from squall.core.net.outbound.addresses import LOOPBACK_KIND, METADATA_KIND, Address, literal, special

_NAME: Final = re.compile(r"[a-z0-9_][a-z0-9_.-]*")
_LONGEST_NAME: Final = 253


class ForbiddenHostError(ValueError):
    """A host that must not be reached; the message says why, and repeats no more than the host's name and address."""


@dataclass(frozen=True, slots=True)
class HostPolicy:
    """Decides by host and address.

    Args:
        private_hosts: names and addresses, `host` or `host:port`, that may have a special address.
        setting: the variable that lists them, for messages.
        named: host and port of the URL that the operator wrote. It counts as named where the host is an address or `localhost`, because
            nobody else decides where those lead.
    """

    private_hosts: tuple[str, ...] = ()
    setting: str = ""
    named: tuple[str, int] = ("", 0)

    def check_host(self, host: str, port: int) -> Address | None:
        """Return the address that `host` writes, None for a name that has to be resolved.

        Raises:
            ForbiddenHostError: it is no host, an address in an unusual form, or a special address that the operator did not name.
        """
        try:
            address = literal(host)
        except ValueError:
            raise ForbiddenHostError("the host is an address in an unusual form; write it as 192.0.2.1 or [2001:db8::1]") from None
        if address is None:
            name = _bare(host)
            if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
                raise ForbiddenHostError("the host is not a valid name")
            if is_loopback(name) and not (self._is_listed(host, port) or self._is_named(host, port)):
                raise ForbiddenHostError(f"{name} is {LOOPBACK_KIND}{self._remedy()}")
            return None
        self.check_addresses(host, port, [address])
        return address

    def check_addresses(self, host: str, port: int, addresses: Sequence[Address]) -> None:
        """Refuse `host` unless every one of `addresses` may be reached.

        A name never leads to a metadata address, whoever named it.

        Raises:
            ForbiddenHostError: one of them is special, and the operator did not name the host.
        """
        written = _address(host) is not None
        listed, named = self._is_listed(host, port), self._is_named(host, port)
        for address in addresses:
            kind = special(address)
            if written and kind and not (listed or named):
                raise ForbiddenHostError(f"{host} is {kind}{'' if kind == METADATA_KIND else self._remedy()}")
            if written or not kind:
                continue
            if kind == METADATA_KIND:
                raise ForbiddenHostError(f"{host} resolves to {address}, {kind}, which only an address in the URL may name")
            if not (listed or (named and is_loopback(host) and kind == LOOPBACK_KIND)):
                raise ForbiddenHostError(f"{host} resolves to {address}, {kind}{self._remedy()}")

    def _is_listed(self, host: str, port: int) -> bool:
        entries = (split_server(entry, port) for entry in self.private_hosts)
        return any(listed_port == port and _same(listed, host) for listed, listed_port in entries)

    def _is_named(self, host: str, port: int) -> bool:
        return self.named[1] == port and _same(self.named[0], host)

    def _remedy(self) -> str:
        return f"; if you trust it, list the host in {self.setting}" if self.setting else ""


def checked_private_hosts(entries: Iterable[str]) -> tuple[str, ...]:
    """Return `entries`, each `host` or `host:port`, in lower case.

    Raises:
        ValueError: one of them is neither.
    """
    checked = tuple(entry.strip().lower() for entry in entries)
    for entry in checked:
        try:
            host, port = split_server(entry, 1)
            good = 0 < port <= 65_535 and (literal(host) is not None or _NAME.fullmatch(_bare(host)) is not None)
        except ValueError:
            good = False
        if not good:
            raise ValueError(f"{entry!r} is not a host or host:port, for example intranet.example.com or 10.1.2.3:8080")
    return checked


def _same(one: str, other: str) -> bool:
    address = _address(one)
    return address == _address(other) if address is not None else bool(one) and _bare(one) == _bare(other)


def _bare(host: str) -> str:
    return host.lower().removesuffix(".")


def _address(host: str) -> Address | None:
    try:
        return literal(host)
    except ValueError:
        return None
