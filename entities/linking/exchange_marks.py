"""Exchanges as they stand before a ticker, "(TSX: T)", and the suffixes that their tickers have in the catalogue."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Exchange(NamedTuple):
    """An exchange outside of the United States.

    Args:
        country: id of the entity of its country.
        suffixes: of its tickers in the style of Yahoo, the likeliest first.
        is_certain: whether its mark proves by itself that a ticker follows; the others are words or initials too ("SIX: …").
    """

    country: str
    suffixes: tuple[str, ...]
    is_certain: bool = True


_CANADA, _UK, _INDIA = "country:canada", "country:united-kingdom", "country:india"
_GERMANY, _JAPAN, _HONG_KONG = "country:germany", "country:japan", "country:hong-kong"
_ABROAD: Final = {
    "TSX": Exchange(_CANADA, ("TO",)),
    "TSXV": Exchange(_CANADA, ("V",)),
    "TSX-V": Exchange(_CANADA, ("V",)),
    "TSX Venture": Exchange(_CANADA, ("V",)),
    "CSE": Exchange(_CANADA, ("CN",)),
    "LSE": Exchange(_UK, ("L",)),
    "LON": Exchange(_UK, ("L",)),
    "AIM": Exchange(_UK, ("L",)),
    "ASX": Exchange("country:australia", ("AX",)),
    "NSE": Exchange(_INDIA, ("NS", "BO")),
    "BSE": Exchange(_INDIA, ("BO", "NS")),
    "HKEX": Exchange(_HONG_KONG, ("HK",)),
    "HKSE": Exchange(_HONG_KONG, ("HK",)),
    "SEHK": Exchange(_HONG_KONG, ("HK",)),
    "HKG": Exchange(_HONG_KONG, ("HK",), is_certain=False),
    "SGX": Exchange("country:singapore", ("SI",)),
    "JSE": Exchange("country:south-africa", ("JO",)),
    "FRA": Exchange(_GERMANY, ("DE", "F")),
    "ETR": Exchange(_GERMANY, ("DE",)),
    "XETRA": Exchange(_GERMANY, ("DE",)),
    "Xetra": Exchange(_GERMANY, ("DE",)),
    "EPA": Exchange("country:france", ("PA",)),
    "Euronext": Exchange("", ("PA", "AS", "BR", "LS", "OL", "MI", "IR")),
    "AMS": Exchange("country:netherlands", ("AS",), is_certain=False),
    "BME": Exchange("country:spain", ("MC",), is_certain=False),
    "BIT": Exchange("country:italy", ("MI",), is_certain=False),
    "SIX": Exchange("country:switzerland", ("SW",), is_certain=False),
    "SWX": Exchange("country:switzerland", ("SW",), is_certain=False),
    "STO": Exchange("country:sweden", ("ST",), is_certain=False),
    "CPH": Exchange("country:denmark", ("CO",), is_certain=False),
    "HEL": Exchange("country:finland", ("HE",), is_certain=False),
    "OSE": Exchange("country:norway", ("OL",), is_certain=False),
    "TASE": Exchange("country:israel", ("TA",), is_certain=False),
    "TSE": Exchange(_JAPAN, ("T", "TO"), is_certain=False),
    "TYO": Exchange(_JAPAN, ("T",), is_certain=False),
    "KRX": Exchange("country:south-korea", ("KS", "KQ"), is_certain=False),
    "SSE": Exchange("country:china", ("SS",), is_certain=False),
    "SHA": Exchange("country:china", ("SS",), is_certain=False),
    "SZSE": Exchange("country:china", ("SZ",), is_certain=False),
    "SHE": Exchange("country:china", ("SZ",), is_certain=False),
    "TWSE": Exchange("country:taiwan", ("TW", "TWO"), is_certain=False),
    "TPE": Exchange("country:taiwan", ("TW", "TWO"), is_certain=False),
}
_AMERICAN = (
    r"(?:NYSE|Nyse)(?: ?(?:American|AMERICAN|MKT|Arca|ARCA))?|(?:NASDAQ|Nasdaq|NasDaq)(?: ?[GC][SM])?|AMEX"
    r"|OTC ?(?:QB|QX|MKTS|Markets|BB|PK|Pink|PINK)?"
)
_MARKS = "|".join(re.escape(mark) for mark in sorted(_ABROAD, key=len, reverse=True) if mark != "Euronext")
AFTER_EXCHANGE: Final = re.compile(
    rf"(?<!\w)(?:{_AMERICAN}|(?P<abroad>{_MARKS}|Euronext)(?:(?<=Euronext)[A-Za-z ]{{0,12}})?)"
    r"[ ]{0,2}[:;][ ]{0,3}\$?(?P<symbol>[A-Z0-9]{1,12}(?:[./\-][A-Z]{1,3})?)(?!\w)"
)
"""An exchange and the ticker behind it; `abroad` is the mark of an exchange outside of the United States."""
_MOST_CHARS: Final = 7
_MOST_INDIAN: Final = 12
"""Characters of a ticker: those of India are words ("TATAMOTORS")."""
_NUMERIC: Final = frozenset({"HK", "T", "KS", "SS", "SZ", "TW"})
_HONG_KONG_DIGITS: Final = 4


def exchange_of(mark: str | None) -> Exchange | None:
    """Return the exchange that `AFTER_EXCHANGE` found; None: one in the United States."""
    return _ABROAD[mark] if mark else None


def is_ticker(symbol: str, exchange: Exchange | None) -> bool:
    """Whether a ticker of the exchange can be written like `symbol`: of digits alone only in Asia, long ones only in India."""
    most = _MOST_INDIAN if exchange is not None and exchange.country == _INDIA else _MOST_CHARS
    if len(symbol.partition(".")[0]) > most:
        return False
    return not symbol.isdigit() or (exchange is not None and exchange.suffixes[0] in _NUMERIC)


def listings_at(symbol: str, exchange: Exchange) -> list[str]:
    """Return the listings that `symbol` can mean at an exchange, the likeliest first: `BA` in London is `BA.L`, `BT.A` is `BT-A.L`."""
    bare = symbol.replace("/", ".")
    stem, dot, ending = bare.rpartition(".")
    if dot and ending in exchange.suffixes:
        return [bare]
    if bare.isdigit() and "HK" in exchange.suffixes:
        bare = bare.lstrip("0").zfill(_HONG_KONG_DIGITS)
    spelled = (bare, f"{stem}-{ending}") if dot else (bare,)
    return [f"{form}.{suffix}" for suffix in exchange.suffixes for form in spelled]
