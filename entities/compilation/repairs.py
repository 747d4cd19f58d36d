"""Facts that the companies table copied from one company to others: found by their web site, and taken out.

The source filled gaps by names that contain a short name: 300 Malaysian companies ("… Berhad") have the sector, size, country and
site of RH, a furniture retailer; Zoetis has those of TIS.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache

from squall.entities.compilation.source_rows import SourceRow, home_exchanges
from squall.entities.names import legal_short_form, name_key

_MOST_OF_ONE_SITE = 10
"""More companies than any group lists under one site."""
_UNITED_STATES = "United States"
_INTERNATIONAL = frozenset(("L", "DE", "F", "HK", "SW", "TO", "V", "CN", "NE", "VI", "BA", "MX", "SA", "SN", "BR", "AS", "LS"))
"""Exchanges that list many companies of other countries."""
_FUND_WORDS = frozenset(("etc", "etf", "etn", "etp", "ucits"))
_FUND_FAMILIES = ("leverage shares ", "wisdomtree industrial ")


def repair_facts(rows: Iterable[SourceRow]) -> None:
    """Clear sector, industry, country and size of rows that have another company's, and take the country of their exchange instead.

    Funds and certificates keep none: they have those of what they hold.
    """
    by_host: dict[str, list[SourceRow]] = defaultdict(list)
    for row in rows:
        if _is_fund(row):
            row.sector = row.industry = row.country = row.host = ""
            row.size = 0
        if row.host:
            by_host[row.host].append(row)
        if row.country == _UNITED_STATES and not row.us_tickers:
            row.country = _country_of_listings(row) or row.country
    for host, group in by_host.items():
        if len(group) == 1:
            continue
        owner = min(group, key=lambda row: len(_core(row)))
        for row in group:
            crowded = len(group) >= _MOST_OF_ONE_SITE and _core(row) != host.partition(".")[0]
            if crowded or _inside_a_word(_core(owner), _core(row)):
                row.sector = row.industry = ""
                row.size = 0
                row.country = _country_of_listings(row)


def _is_fund(row: SourceRow) -> bool:
    """Whether a row is a fund or certificate, which the source gives the facts of what it holds."""
    key = name_key(row.name)
    return not _FUND_WORDS.isdisjoint(key.split()) or key.startswith(_FUND_FAMILIES)


def _core(row: SourceRow) -> str:
    return name_key(legal_short_form(row.name))


def _inside_a_word(short: str, long: str) -> bool:
    """Whether a name occurs in another, but not as words of it: "tis" in "zoetis"."""
    return short in long and f" {short} " not in f" {long} "


@cache
def _country_of_exchange() -> dict[str, str]:
    fewest_last = sorted(home_exchanges().items(), key=lambda row: -len(row[1]))  # Paris is France's alone, and Luxembourg's beside others
    return {suffix: country for country, suffixes in fewest_last for suffix in suffixes if suffix not in _INTERNATIONAL}


def _country_of_listings(row: SourceRow) -> str:
    """The one country whose own exchange lists a company, beside exchanges of the whole world; empty where there is none, or several."""
    countries = {_country_of_exchange().get(listing.rpartition(".")[2], "") for listing in row.listings if "." in listing} - {""}
    return countries.pop() if len(countries) == 1 else ""
