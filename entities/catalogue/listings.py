"""Tickers: the forms in which texts and feeds write them."""

from __future__ import annotations

from squall.entities.entity import Listing

_UNITED_STATES = frozenset({"O", "OQ", "N", "K", "P", "Q", "PK", "OB", "US", "A", "NB"})
"""Suffixes of listings in the United States: Reuters' codes of its exchanges, and `US`."""
_REUTERS = {"S": "SW", "VX": "SW", "J": "JO", "I": "IR", "MM": "ME", "SE": "SR", "BY": "BE", "LN": "L"}
"""Other suffixes that name the exchange of ours."""


def parse_listing(text: str) -> Listing:
    """Read a ticker in the style of Yahoo: `AAPL`, `ULVR.L`, `BRK-B` or `BRK.B`, `MAERSK-B.CO`.

    A suffix of one letter A–D, or a dash before it, is a class of shares in the United States.
    """
    ticker, dot, suffix = text.strip().upper().rpartition(".")
    if not dot:
        return Listing(suffix.replace("-", "."))
    if suffix in _CLASSES:
        return Listing(f"{ticker}.{suffix}")
    return Listing(ticker, "" if suffix in _UNITED_STATES else _REUTERS.get(suffix, suffix))


def symbol_forms(symbol: str) -> tuple[str, ...]:
    """Return the listings, as text, that a written symbol can mean, the likeliest first: `AAPL.O` means `AAPL.O`, else `AAPL`.

    Takes `$AAPL`, `<F.N>`, `ulvr.l`, `BRK-B`, `BRK.B`, `BRK/B`.
    """
    bare = symbol.strip().lstrip("$<").rstrip(">").upper().replace("/", ".")
    ticker, dot, suffix = bare.rpartition(".")
    forms = [bare]
    if dot and suffix in _UNITED_STATES:
        forms.append(ticker)
    if dot and suffix in _REUTERS:
        forms.append(f"{ticker}.{_REUTERS[suffix]}")
    if "-" in bare:
        forms += [form.replace("-", ".") for form in forms]
    return tuple(dict.fromkeys(form for form in forms if form))


_CLASSES = frozenset("ABCD")
