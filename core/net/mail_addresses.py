"""E-mail addresses with letters beyond ASCII: domains as the DNS has them (IDNA), and whether the rest needs SMTPUTF8."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import getaddresses, quote

import idna

_SPECIALS = frozenset('()<>@,:;.[]"\\')
"""Characters for which a name is quoted (RFC 5322); quoted addresses are not supported."""
_LITERAL = re.compile(r"\[[0-9A-Fa-f.:IPv]{1,60}\]")
"""An address of a machine in place of a domain."""
_HYPHENS = re.compile(r"-{2,}")
_LONGEST_LOCAL = 64
"""Bytes before the @ (RFC 5321)."""


@dataclass(frozen=True, slots=True)
class MailAddress:
    """One address: the name that is shown, and the parts before and after the @; without an @ the second is empty."""

    name: str
    local: str
    domain: str

    @property
    def envelope(self) -> str:
        """The address for a mail server: its domain is ASCII."""
        return f"{self.local}@{self.domain}" if self.domain else self.local

    @property
    def header(self) -> str:
        """The address for a header of a mail."""
        name = f'"{quote(self.name)}"' if any(letter in _SPECIALS for letter in self.name) else self.name
        return f"{name} <{self.envelope}>" if name else self.envelope

    @property
    def needs_smtputf8(self) -> bool:
        """Whether only a server with SMTPUTF8 (RFC 6531) can take mail for it."""
        return not self.local.isascii()


def mail_addresses(text: str) -> list[MailAddress]:
    """Return the addresses in `text`, which are separated by commas as in a header.

    Raises:
        ValueError: one can't be an address; says which and why.
    """
    if not text.isprintable():
        raise ValueError(f"{text!r} holds characters that no address has")
    found = [_address(name, spec, text) for name, spec in getaddresses([text])]
    if not found:
        raise ValueError(f"{text!r} is no e-mail address")
    alone = next((address.local for address in found if not address.domain), "")
    if alone and len(found) > 1:
        raise ValueError(f"{text!r}: {alone!r} is no e-mail address; a name with a comma stands in quotes")
    return found


def _address(name: str, spec: str, text: str) -> MailAddress:
    local, at, domain = spec.rpartition("@")
    if not at:
        local, domain = spec, ""
    odd = any(letter in _SPECIALS - {"."} or letter.isspace() for letter in local + _LITERAL.sub("", domain))
    if not local or (at and not domain) or odd or spec not in text:
        raise ValueError(f"{text!r} is no e-mail address")
    if "" in local.split("."):
        raise ValueError(f"{spec!r} is no e-mail address: a dot before the @ stands between two other characters")
    if len(local.encode()) > _LONGEST_LOCAL:
        raise ValueError(f"{spec!r} has more than {_LONGEST_LOCAL} bytes before the @")
    return MailAddress(name, local, _domain(domain, spec))


def _domain(domain: str, spec: str) -> str:
    """Return a domain as the DNS has it: its own letters if they are ASCII, else IDNA's."""
    if not domain or _LITERAL.fullmatch(domain):
        return domain
    # hyphens in the third and fourth place are for IDNA alone, and domains from before it have them
    checked = domain if "xn--" in domain.lower() else _HYPHENS.sub("-", domain)
    try:
        encoded = idna.encode(checked, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError(f"{spec!r}: {domain!r} can't be a domain: {error}") from None
    if encoded.rpartition(".")[2].isdigit():
        raise ValueError(f"{spec!r}: {domain!r} can't be a domain: write the address of a machine in brackets")
    if encoded.endswith("."):
        raise ValueError(f"{spec!r}: {domain!r} can't be a domain of an e-mail address: it ends in a dot")
    return domain if domain.isascii() else encoded
