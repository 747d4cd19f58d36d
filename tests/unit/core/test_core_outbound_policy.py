"""Which hosts an outbound request may reach."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.config.settings import IngestSettings
from squall.core.net.outbound.addresses import special
from squall.core.net.outbound.policy import ForbiddenHostError, HostPolicy

SPECIAL = {
    "a loopback address": (
        "127.0.0.1",
        "127.255.255.254",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::1",
        "::ffff:0:7f00:1",
    ),
    "a private address": ("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "198.18.0.1", "fc00::1", "fd12::1", "fec0::1"),
    "a link-local address": ("169.254.1.1", "fe80::1", "febf::1", "::ffff:169.254.1.1"),
    "a multicast address": ("224.0.0.1", "239.255.255.255", "ff02::1"),
    "an unspecified address": ("0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"),
    "a reserved address": (
        "240.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "192.0.0.1",
        "2001:db8::1",
        "2001::1",
        "100::1",
        "::127.0.0.1",
        "5f00::1",
    ),
    "a shared address": ("100.64.0.1", "100.127.255.255"),
    "a metadata address": (
        "169.254.169.254",
        "168.63.129.16",
        "100.100.100.200",
        "fd00:ec2::254",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
    ),
}
PUBLIC = ("8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8")
UNUSUAL = (
    "0x7f.1",
    "2130706433",
    "0",
    "127.1",
    "0177.0.0.1",
    "0x7f000001",
    "127.0.0.1.",
    "1.2.3.4.5",
    "256.1.1.1",
    "0x",
    "a.0x7f",
    "fe80::1%eth0",
)
NOT_A_HOST = ("", ".", "a b", "127%2e0.0.1x", "a/b", "user@host", "exa\nmple", "a" * 254, "ⓔxample.com")


@pytest.mark.parametrize(("kind", "address"), [(kind, each) for kind, addresses in SPECIAL.items() for each in addresses])
def test_special_addresses_are_recognised_also_inside_of_others(kind: str, address: str) -> None:
    assert special(ipaddress.ip_address(address)) == kind
    with pytest.raises(ForbiddenHostError, match=kind):
        HostPolicy().check_host(address, 80)
    with pytest.raises(ForbiddenHostError, match=kind):
        HostPolicy().check_addresses("feeds.example", 80, [ipaddress.ip_address("8.8.8.8"), ipaddress.ip_address(address)])


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_open(address: str) -> None:
    assert HostPolicy().check_host(address, 80) == ipaddress.ip_address(address)


@pytest.mark.parametrize("host", UNUSUAL)
def test_an_address_in_an_unusual_form_is_refused_even_if_listed(host: str) -> None:
    for policy in (HostPolicy(), HostPolicy(private_hosts=(host,)), HostPolicy(named=(host, 80))):
        with pytest.raises(ForbiddenHostError, match="unusual form"):
            policy.check_host(host, 80)


@pytest.mark.parametrize("host", NOT_A_HOST)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ForbiddenHostError):
        HostPolicy().check_host(host, 80)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "[::1]", "169.254.169.254", "localhost", "LOCALHOST."])
def test_an_address_in_the_operators_own_url_is_named_with_its_port(host: str) -> None:
    policy = HostPolicy(named=(host, 8000))
    policy.check_host(host, 8000)
    with pytest.raises(ForbiddenHostError):
        policy.check_host(host, 9000)
    with pytest.raises(ForbiddenHostError):
        policy.check_host("127.0.0.2", 8000)


def test_a_name_in_the_operators_own_url_does_not_name_the_private_address_that_it_resolves_to() -> None:
    private = [ipaddress.ip_address("10.1.2.3")]
    with pytest.raises(ForbiddenHostError, match=r"feeds.example resolves to 10.1.2.3, a private address; .* SQUALL_INGEST__PRIVATE_HOSTS"):
        HostPolicy(setting="SQUALL_INGEST__PRIVATE_HOSTS", named=("feeds.example", 443)).check_addresses("feeds.example", 443, private)
    for listed in ("feeds.example", "FEEDS.example.", "feeds.example:443"):
        HostPolicy(private_hosts=(listed,)).check_addresses("feeds.example", 443, private)
    for listed in ("feeds.example:80", "example", "other.example", "10.1.2.3"):
        with pytest.raises(ForbiddenHostError):
            HostPolicy(private_hosts=(listed,)).check_addresses("feeds.example", 443, private)


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254"])
def test_no_name_leads_to_metadata(address: str) -> None:
    policy = HostPolicy(private_hosts=("feeds.example", "localhost"), named=("localhost", 80))
    for host in ("feeds.example", "localhost"):
        with pytest.raises(ForbiddenHostError, match="a metadata address, which only an address in the URL may name"):
            policy.check_addresses(host, 80, [ipaddress.ip_address(address)])
    HostPolicy(private_hosts=(address,)).check_host(address, 80)


def test_localhost_leads_to_loopback_only() -> None:
    policy = HostPolicy(named=("localhost", 80))
    policy.check_addresses("localhost", 80, [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")])
    with pytest.raises(ForbiddenHostError):
        policy.check_addresses("localhost", 80, [ipaddress.ip_address("10.0.0.1")])


@given(st.ip_addresses())
def test_nothing_that_python_calls_special_is_open(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if not special(address) and mapped is None and address not in ipaddress.ip_network("64:ff9b::/96"):
        kinds = (address.is_private, address.is_loopback, address.is_link_local, address.is_multicast, address.is_unspecified)
        assert not any(kinds)


@pytest.mark.parametrize("entry", ["http://a/", "a b", "0x7f.1", "a:b", "a:70000", "", "10.0.0.0/8"])
def test_a_list_of_private_hosts_holds_hosts_only(entry: str) -> None:
    with pytest.raises(ValueError, match="is not a host or host:port"):
        IngestSettings(private_hosts=(entry,))


def test_hosts_are_listed_with_and_without_a_port() -> None:
    assert IngestSettings(private_hosts=("Intranet.bank", "10.1.2.3:8080", "[fd12::1]:80")).private_hosts == (
        "intranet.bank",
        "10.1.2.3:8080",
        "[fd12::1]:80",
    )
