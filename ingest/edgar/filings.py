"""The feed of current filings → filings, each once, and their documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import feedparser

from squall.core.cleaning.markup import readable
from squall.core.dates.publication_time import TimeFormatError, parse_time
from squall.core.errors import InvalidRecordError, UnavailableError
from squall.core.records import Document
from squall.ingest.documents import Defaults, build_document

_ACCESSION: Final = re.compile(r"[0-9]{10}-[0-9]{2}-[0-9]{6}")
_HEAD: Final = re.compile(r"(?P<name>.{1,300}) \((?P<cik>[0-9]{10})\) \((?P<role>[A-Za-z ]{1,30})\)")
_ITEM: Final = re.compile(r"Item ([0-9]{1,2}[A-Z]?(?:\.[0-9]{1,2})?): ([^\n]{1,300})")
_ABOUT: Final = ("Subject", "Issuer", "Filer")
"""Whom a filing is about, by role, the first of these that it has; the others report it."""
_BREAK: Final = re.compile(r"<br ?/?>")
_EXHIBITS: Final = "9.01"
_FORMS: Final = {
    "8-K": "current report",
    "6-K": "report of a foreign issuer",
    "10-Q": "quarterly report",
    "10-K": "annual report",
    "20-F": "annual report of a foreign issuer",
    "40-F": "annual report of a Canadian issuer",
    "NT 10-Q": "quarterly report will be late",
    "NT 10-K": "annual report will be late",
    "3": "holdings of a new insider",
    "4": "trades of an insider",
    "5": "yearly statement of an insider's trades",
    "13F-HR": "holdings of an institution",
    "SCHEDULE 13D": "stake of more than 5% with influence in mind",
    "SCHEDULE 13G": "passive stake of more than 5%",
    "SC TO-T": "tender offer by another company",
    "SC TO-I": "tender offer by the issuer",
    "S-1": "registration of securities",
    "25": "securities are delisted",
    "25-NSE": "the exchange delists securities",
    "15-12G": "securities are deregistered",
    "DEFM14A": "proxy statement on a merger",
}


@dataclass(slots=True)
class Filing:
    """One filing.

    Args:
        accession: its number; it is listed once for each filer and role.
        form: as EDGAR names it.
        accepted_at: when EDGAR accepted it.
        url: of its index page.
        items: numbers and names, as an 8-K has them.
        parties: (role, name, CIK without leading zeros), as listed.
    """

    accession: str
    form: str
    accepted_at: datetime
    url: str
    items: tuple[tuple[str, str], ...]
    parties: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def about(self) -> Sequence[tuple[str, str, str]]:
        """The parties that it is about."""
        for role in _ABOUT:
            if found := [party for party in self.parties if party[0] == role]:
                return found
        return self.parties


def read_filings(feed: bytes) -> tuple[list[Filing], int]:
    """Return the filings of a page, newest first, and how many entries the page has.

    Raises:
        UnavailableError: it is no such feed.
    """
    parsed = feedparser.parse(feed, sanitize_html=False, resolve_relative_uris=False)
    if not parsed.get("version"):
        raise UnavailableError("EDGAR answered with what is no feed")
    found: dict[str, Filing] = {}
    for entry in parsed.entries:
        accession = _ACCESSION.search(str(entry.get("id", "")))
        form, _, rest = str(entry.get("title", "")).partition(" - ")
        head = _HEAD.fullmatch(rest.strip())
        accepted = _time(entry.get("updated"))
        if accession is None or head is None or accepted is None:
            continue
        terms: list[Any] = entry.get("tags") or []
        filing = found.setdefault(
            accession[0],
            Filing(accession[0], str(terms[0].get("term") if terms else form).strip(), accepted, str(entry.get("link", "")), _items(entry)),
        )
        filing.parties.append((head["role"].strip(), _name(head["name"]), head["cik"].lstrip("0")))
    return list(found.values()), len(parsed.entries)


def merged(filings: Iterable[Filing]) -> list[Filing]:
    """Return the filings of several pages, each once: a page may end between the entries of one."""
    found: dict[str, Filing] = {}
    for filing in filings:
        known = found.setdefault(filing.accession, filing)
        if known is not filing:
            known.parties += [party for party in filing.parties if party not in known.parties]
    return list(found.values())


def filing_document(filing: Filing, symbols: Sequence[str], source: str, collected_at: datetime, text: str = "") -> Document:
    """Return the document of a filing: who files what, by the names of forms and items, and what it says.

    Args:
        filing: with all its parties.
        symbols: tickers of whom it is about.
        source: of the document.
        collected_at: aware UTC.
        text: what it says.

    Raises:
        InvalidRecordError: it is no valid document.
    """
    if not filing.parties:
        raise InvalidRecordError("missing_field", "title: the filing names nobody")
    about = filing.about
    base, amended = filing.form.removesuffix("/A"), filing.form.endswith("/A")
    what = f"{_FORMS[base]} ({filing.form})" if base in _FORMS else f"files {filing.form}"
    told = [name for number, name in filing.items if number != _EXHIBITS] or [name for _, name in filing.items]
    title = f"{', '.join(dict.fromkeys(name for _, name, _ in about))}: {'amended ' if amended else ''}{what}"
    others = [f"{role}: {name}" for role, name, _ in filing.parties if (role, name) not in {(r, n) for r, n, _ in about}]
    fields = {
        "id": filing.accession,
        "author": about[0][1],
        "url": filing.url,
        "title": f"{title}: {'; '.join(told)}" if told else title,
        "text": "\n".join([*(f"Item {number}: {name}" for number, name in filing.items), *others, *([text] if text else [])]),
        "symbols": list(symbols),
        "language": "en",
        "published_at": filing.accepted_at,
    }
    return build_document(fields, Defaults(source=source, markup=False), collected_at)


def _items(entry: Any) -> tuple[tuple[str, str], ...]:
    pieces = _BREAK.split(str(entry.get("summary", "")))
    return tuple((item[1], item[2].strip()) for piece in pieces if (item := _ITEM.match(readable(piece))))


def _name(name: str) -> str:
    """Return a filer's name without the state after it: `PROGRESSIVE CORP/OH/`."""
    name = name.strip()
    return name[:-1].rpartition("/")[0].strip() or name if name.endswith("/") else name


def _time(value: Any) -> datetime | None:
    try:
        return parse_time(value, UTC)
    except TimeFormatError:
        return None
