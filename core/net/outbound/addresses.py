"""Which IP addresses are reachable for anybody on the internet, and what the others are."""

from __future__ import annotations

import ipaddress
import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address

METADATA: Final = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google, Oracle, DigitalOcean, OpenStack
        "169.254.169.253",  # AWS: resolver
        "169.254.170.2",  # AWS: credentials of an ECS task
        "169.254.170.23",  # AWS: credentials of an EKS pod
        "169.254.0.23",  # Tencent
        "169.254.42.42",  # Scaleway
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure: a public address, yet answered by the host
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # AWS
        "fd00:ec2::253",
        "fd00:ec2::23",
        "fd20:ce::254",  # Google
        "fd00:42::42",  # Scaleway
        "fd00:c1::a9fe:a9fe",  # Oracle
    )
)
"""Where clouds serve credentials to whoever asks from inside."""
METADATA_KIND: Final = "a metadata address"
LOOPBACK_KIND: Final = "a loopback address"

_SPECIAL_V4: Final = tuple(
    (IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an unspecified address"),
        ("10.0.0.0/8", "a private address"),
        ("100.64.0.0/10", "a shared address"),
        ("127.0.0.0/8", LOOPBACK_KIND),
        ("169.254.0.0/16", "a link-local address"),
        ("172.16.0.0/12", "a private address"),
        ("192.0.0.0/24", "a reserved address"),
        ("192.0.2.0/24", "a reserved address"),
        ("192.88.99.0/24", "a reserved address"),
        ("192.168.0.0/16", "a private address"),
        ("198.18.0.0/15", "a private address"),
        ("198.51.100.0/24", "a reserved address"),
        ("203.0.113.0/24", "a reserved address"),
        ("224.0.0.0/4", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
    )
)
"""The IANA registry of special-purpose IPv4 addresses; `ipaddress.is_global` of Python 3.11 lacks some of them."""
_SPECIAL_V6: Final = tuple(
    (IPv6Network(network), kind)
    for network, kind in (
        ("::/128", "an unspecified address"),
        ("::1/128", LOOPBACK_KIND),
        ("fe80::/10", "a link-local address"),
        ("fec0::/10", "a private address"),
        ("fc00::/7", "a private address"),
        ("ff00::/8", "a multicast address"),
        ("2001::/23", "a reserved address"),
        ("2001:db8::/32", "a reserved address"),
        ("3fff::/20", "a reserved address"),
    )
)
_GLOBAL_V6: Final = IPv6Network("2000::/3")
"""The only block from which global unicast addresses are assigned; everything else is reserved."""
_EMBEDS_V4: Final = (  # prefix, and how far the IPv4 address is from the end, in bits
    (IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped
    (IPv6Network("::ffff:0:0:0/96"), 0),  # IPv4-translated
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64
    (IPv6Network("2002::/16"), 80),  # 6to4
)
_ISATAP: Final = (0x00005EFE, 0x02005EFE)
_NUMERIC: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


def special(address: Address) -> str:
    """Return what `address` is where it is not a global unicast address, for example `a loopback address`; else an empty string.

    An IPv6 address that carries an IPv4 address (mapped, NAT64, 6to4) is what that address is.
    """
    if address in METADATA:
        return METADATA_KIND
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _SPECIAL_V4 if address in network), "")
    if address.scope_id is not None:
        return "an address with a zone"
    for network, bits in _EMBEDS_V4:
        if address in network:
            return special(IPv4Address(int(address) >> bits & 0xFFFFFFFF))
    if int(address) >> 32 & 0xFFFFFFFF in _ISATAP:
        return "a reserved address"
    return next((kind for network, kind in _SPECIAL_V6 if address in network), "" if address in _GLOBAL_V6 else "a reserved address")


def literal(host: str) -> Address | None:
    """Return the address that `host` writes, None for a name.

    Args:
        host: without a port; an IPv6 address may be in brackets.

    Raises:
        ValueError: it is a number or a form that resolvers understand in different ways (`0x7f.1`, `2130706433`, `127.1`, `0177.0.0.1`, a
            zone, a final dot behind an address), or not a host at all.
    """
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if ":" in host:
        address = IPv6Address(host)
        if address.scope_id is not None:
            raise ValueError("an address with a zone")
        return address
    labels = host.lower().removesuffix(".").split(".")
    if not _NUMERIC.fullmatch(labels[-1]):
        return None
    return IPv4Address(host)  # strict: four decimal numbers without leading zeros
