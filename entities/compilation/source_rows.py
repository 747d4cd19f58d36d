"""The rows of `companies.csv.gz`: read, cleaned of what no text would say, and copies of one company brought together."""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from squall.entities.compilation.tables import read_table
from squall.entities.entity import Listing
from squall.entities.names import legal_short_form, name_key

_SIZES = {"Nano": 1, "Micro": 2, "Small": 3, "Mid": 4, "Large": 5, "Mega": 6}
_FOREIGN = frozenset({"BE", "DU", "HM", "HA", "MU", "SG", "F", "DE", "TI", "VI", "BA", "MX", "IL"})
"""Exchanges that list the whole world's companies, often under a name of their own: "GENL EL. CO.  DL -,06"."""
_FUND_WORDS = ("ishares", "xtrackers", "lyxor", "etf")


@dataclass(slots=True)
class SourceRow:
    """A company as the table has it."""

    name: str
    other_names: list[str]
    us_tickers: list[str]
    ciks: list[str]
    listings: list[str]
    sector: str
    industry: str
    country: str
    size: int
    host: str
    merged: list[SourceRow] = field(default_factory=list)

    @property
    def all_names(self) -> list[str]:
        """The names, of merged rows too; the first is the best."""
        return [self.name, *self.other_names, *(name for row in self.merged for name in row.all_names)]


def read_rows(path: Path) -> list[SourceRow]:
    """Read the table of companies, in its order."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return [
            SourceRow(
                name=_without_marks(row["name"]),
                other_names=[_without_marks(name) for name in _split(row["other_names"])],
                us_tickers=_split(row["us_ticker"]),
                ciks=_split(row["cik"]),
                listings=_split(row["listings"]),
                sector=row["sector"],
                industry=row["industry"],
                country=row["country"],
                size=_SIZES.get(row["market_cap"], 0),
                host=(urlsplit(row["website"]).hostname or "").removeprefix("www."),
            )
            for row in csv.DictReader(lines)
        ]


def _without_marks(name: str) -> str:
    """Without what is no part of a name: the SEC's state of incorporation (`INC /DE/`, `Inc./TX`), the class of a share."""
    words = name.split()
    while len(words) > 1 and _is_mark(words[-2], words[-1]):
        words.pop()
    first, slash, mark = words[-1].partition("/")
    if slash and len(first) > _LEAST_FORM_CHARS and mark.rstrip("/").isalpha() and len(mark) <= len("ADR/"):
        words[-1] = first
    return " ".join(words).rstrip(" -/\\")


def _is_mark(before: str, word: str) -> bool:
    return word[0] in "/\\" or before in {"/", "\\"} or _key(word) in _SHARE_WORDS or _key(before) == "class"


def _key(word: str) -> str:
    return word.strip("().,-").lower()


_LEAST_FORM_CHARS = 2
_SHARE_WORDS = frozenset(("adr", "ads", "sponsored", "shares", "registered", "depositary", "receipts", "pfd", "pref", "new", "class"))


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def without_foreign_copies(rows: Iterable[SourceRow]) -> list[SourceRow]:
    """Drop rows that only foreign exchanges list, under abbreviations in capitals; their company is another row, or can't be told."""
    return [row for row in rows if not (_only_foreign(row) and _abbreviated(row.name)) and not _is_fund_family(row.name)]


def _only_foreign(row: SourceRow) -> bool:
    suffixes = {listing.rpartition(".")[2] for listing in row.listings}
    return bool(suffixes) and not row.us_tickers and suffixes <= _FOREIGN - set(home_exchanges().get(row.country, []))


def _abbreviated(name: str) -> bool:
    return name.upper() == name and len(name) > len("ASML")


def _is_fund_family(name: str) -> bool:
    return name_key(name).partition(" ")[0] in _FUND_WORDS


def brought_together(rows: Iterable[SourceRow]) -> list[SourceRow]:
    """Merge rows of one name: of the same country, or of the United States and the SEC's list, which has no countries.

    The richest row of a group leads; the order of leaders is that of the table.
    """
    groups: dict[str, list[SourceRow]] = defaultdict(list)
    for row in rows:
        groups[name_key(legal_short_form(row.name))].append(row)
    merged = []
    for group in groups.values():
        leaders: list[SourceRow] = []
        for row in sorted(group, key=lambda r: (not r.country, not r.sector, -r.size)):
            leader = next((known for known in leaders if _same_company(known, row)), None)
            if leader is None:
                leaders.append(row)
            else:
                leader.merged.append(row)
                leader.ciks += row.ciks
                leader.us_tickers = list(dict.fromkeys(leader.us_tickers + row.us_tickers))
                leader.listings = list(dict.fromkeys(leader.listings + row.listings))
                leader.size = max(leader.size, row.size)
        merged += leaders
    return merged


def _same_company(known: SourceRow, row: SourceRow) -> bool:
    if known.country and row.country:
        return known.country == row.country
    return {known.country, row.country} <= {"", "United States"} or _canonical(known.name) == _canonical(row.name)


def _canonical(name: str) -> str:
    """A name with one spelling of each legal form."""
    return " ".join(_SPELLINGS.get(word, word) for word in name_key(name).split())


_SPELLINGS = {"incorporated": "inc", "corporation": "corp", "company": "co", "limited": "ltd"}


@cache
def home_exchanges() -> dict[str, list[str]]:
    """Return the suffixes of each country's own exchanges, the main one first."""
    return {row["country"]: row["exchanges"].split(";") for row in read_table("exchanges")}


_SECOND_HOMES = frozenset(("L", "PA", "AS", "DE", "HK", "T", "TO", "AX", "NS", "BO", "SS", "SZ", "KS", "MI", "MC", "ST"))
_MOST_LISTINGS = 6


def listings_of(row: SourceRow) -> tuple[Listing, ...]:
    """Return the tickers that texts use: home first, then New York, then large exchanges; the foreign ones only where there is no other."""
    home = home_exchanges().get(row.country, [])
    parsed = [Listing(*listing.rpartition(".")[::2]) if "." in listing else Listing(listing) for listing in row.listings]
    parsed = [listing for listing in parsed if (_is_ticker(listing) or listing.exchange in home) and not _is_preferred(listing)]
    at_home = sorted((listing for listing in parsed if listing.exchange in home), key=lambda listing: home.index(listing.exchange))
    in_new_york = [Listing(ticker.replace("-", ".")) for ticker in row.us_tickers if "-P" not in ticker]
    elsewhere = [listing for listing in parsed if listing.exchange in _SECOND_HOMES and listing not in at_home]
    found = list(dict.fromkeys((*at_home, *in_new_york, *elsewhere)))
    return tuple((found or parsed)[:_MOST_LISTINGS])


def _is_ticker(listing: Listing) -> bool:
    """Not a London or Zurich code for a foreign share: `0REZ.L`, `GB00B1YW4409.SW`."""
    return bool(listing.exchange) and not (listing.exchange in {"L", "SW", "IL"} and (listing.ticker[0] == "0" or len(listing.ticker) > 6))


def _is_preferred(listing: Listing) -> bool:
    """Preferred shares in Canada (`INE-PA.TO`), and Bangkok's depositary receipts (`HMPRO-R.BK`)."""
    return ("-P" in listing.ticker and listing.exchange in {"TO", "V"}) or (listing.ticker.endswith("-R") and listing.exchange == "BK")
