from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from squall.core.net.mail_addresses import mail_addresses


@pytest.mark.parametrize(
    ("text", "envelopes", "utf8"),
    [
        ("risk@example.org", ["risk@example.org"], False),
        ("Risk <risk@example.org>", ["risk@example.org"], False),
        ("risk@müller.de", ["risk@xn--mller-kva.de"], False),
        ("Jürgen Groß <risk@Straße.de>", ["risk@xn--strae-oqa.de"], False),
        ("jürgen@example.com", ["jürgen@example.com"], True),
        ("用户@例え.jp", ["用户@xn--r8jz45g.jp"], True),
        ("a@x.org, b@y.org", ["a@x.org", "b@y.org"], False),
        ("root", ["root"], False),
        ("risk@[192.0.2.1]", ["risk@[192.0.2.1]"], False),
        ("risk@localhost", ["risk@localhost"], False),
        ("risk@ab--cd.Example.org", ["risk@ab--cd.Example.org"], False),
        ("risk@xn--mller-kva.de", ["risk@xn--mller-kva.de"], False),
        ("o'brien+tag@3m.com", ["o'brien+tag@3m.com"], False),
        ('"Joe, Inc" <joe@x.org>', ["joe@x.org"], False),
    ],
)
def test_a_domain_is_ascii_and_the_rest_says_what_it_needs(text: str, envelopes: list[str], utf8: bool) -> None:
    found = mail_addresses(text)
    assert [address.envelope for address in found] == envelopes
    assert any(address.needs_smtputf8 for address in found) is utf8


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "risk@",
        "@example.org",
        "risk@exa mple.org",
        "risk@ü..de",
        "risk@" + "ü" * 70 + ".de",
        "ü" * 40 + "@x.org",
        "a@x.org\r\nBcc: b@x.org",
        "risk@example..com",
        "risk@.com",
        "risk@example.com.",
        "risk@-bad.de",
        "risk@bad-.de",
        "risk@ex_ample.com",
        "risk@exa!mple.com",
        "risk@xn--zzzzzz.de",
        "risk@" + "b" * 64 + ".com",
        "risk@" + ".".join(["b" * 60] * 5),
        "risk@192.0.2.1",
        "a..b@example.com",
        ".a@example.com",
        "a.@example.com",
        "Joe, Inc <joe@x.org>",
    ],
)
def test_what_can_not_be_addressed_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"no e-mail address|can't be a domain|bytes before|no address has"):
        mail_addresses(text)


@given(st.text(max_size=40))
def test_no_text_is_more_than_refused(text: str) -> None:
    try:
        found = mail_addresses(text)
    except ValueError:
        return
    assert all(address.domain.isascii() for address in found)
    assert [each.envelope for each in mail_addresses(", ".join(address.header for address in found))] == [each.envelope for each in found]
