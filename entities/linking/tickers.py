"""Tickers in their usual forms: `$AAPL`, `(NYSE: GE)`, `(TSX: T)`, `AAPL.O`, `F.N`, `BRK.B`, `0700.HK`, `<F.N>`, `(AAPL)`, `AAPL`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from squall.entities.linking.exchange_marks import AFTER_EXCHANGE, Exchange, exchange_of, is_ticker


class Proof(IntEnum):
    """How far a form by itself proves that a ticker is meant."""

    BARE = 0
    """`AAPL`: only where the catalogue and the words around say so."""
    LOOKS = 1
    """`(AAPL)`, `[AAPL]`, `AAPL.O`: only where the catalogue knows it; in round brackets only after the name."""
    FORM = 2
    """`$AAPL`, `(NYSE: GE)`, `<F.N>`: also where no table knows it."""


class TickerForm(NamedTuple):
    """A ticker in a text.

    Args:
        start: of the symbol, with its `$`.
        end: after it.
        symbol: upper case, without `$`: `AAPL`, `F.N`.
        proof: how far the form proves that it is a ticker.
        opens: where the whole form begins: the bracket of `(NYSE: GE)`.
        closes: after the whole form.
        bracketed: whether it stands in round brackets, as after the name it confirms.
        with_exchange: whether an exchange stands before it.
        exchange: that exchange, outside of the United States.
    """

    start: int
    end: int
    symbol: str
    proof: Proof
    opens: int
    closes: int
    bracketed: bool
    with_exchange: bool = False
    exchange: Exchange | None = None


_CASHTAG = re.compile(r"(?<![\w$])\$([A-Za-z]{1,6}(?:[.\-][A-Za-z]{1,2})?)(?![\w$])")
_ANGLED = re.compile(r"<([A-Z0-9]{1,6}(?:[a-z])?\.[A-Z]{1,3})>")
_SQUARE = re.compile(r"\[\$?([A-Z]{1,6}(?:\.[A-Z]{1,2})?)\]")
_ROUND = re.compile(r"\(\$?([A-Z]{1,6}(?:[.\-][A-Z]{1,2})?)\)")
_SUFFIXED = re.compile(
    r"(?<![\w.$@/<])(?:"
    r"[A-Z]{2,6}\.(?:O|N|OQ|K|L|DE|PA|AS|MI|MC|BR|LS|ST|CO|HE|OL|VX|S|T|HK|SS|SZ|NS|BO|AX|TO|V|SA|MX|KS|TW|SI|JO|IS|ME|MM)"
    r"|[A-TV-Z]\.(?:N|DE|TO)(?!\.)"  # not "U.N", not the initials "F.N. Souza"
    r"|[A-Z]{2,5}[.\-][AB]"  # a class of shares
    r"|[0-9]{4,6}\.(?:HK|T|SS|SZ|KS|KQ|TW|TWO|BO|KL)"
    r")(?![\w@]|\.\w)"
)
_BARE = re.compile(r"[A-Z]{3,5}\b")
_NOT_BEFORE_BARE = frozenset(".$@/&'’#:-_")
_NOT_AFTER_BARE = frozenset("@&/-")
_MONEY = frozenset({"A", "US", "AU", "NZ", "HK", "CA", "SG", "NT", "USD", "AUD", "CAD", "NZD", "HKD", "SGD"})
"""`$A`, `$US` and the like name a currency."""
_UNITS = frozenset({"b", "k", "m", "bn", "mn", "tn", "mln", "bln", "mil", "mio", "trn", "tril"})
"""`$bn`: a template whose number is missing."""


def ticker_forms(text: str) -> list[TickerForm]:
    """Return the tickers of `text`, sorted, not overlapping.

    `$10`, `$1.2bn`, `$A`, `US$` and `A$5` are money. A lower-case `$aapl` only looks like a ticker: the catalogue must know it.
    """
    found: list[TickerForm] = []
    if "$" in text:
        for match in _CASHTAG.finditer(text):
            symbol = match[1]
            if symbol in _MONEY or symbol in _UNITS:
                continue
            proof = Proof.FORM if symbol.isupper() else Proof.LOOKS
            found.append(TickerForm(match.start(), match.end(), symbol.upper(), proof, *_bracket(text, match.start(), match.end())))
    if ":" in text or ";" in text:
        found += _after_exchanges(text)
    if "<" in text:
        found += _forms(_ANGLED, text, Proof.FORM)
    if "[" in text:
        found += _forms(_SQUARE, text, Proof.LOOKS)
    if "(" in text:
        found += (form._replace(bracketed=True) for form in _forms(_ROUND, text, Proof.LOOKS))
    if "." in text or "-" in text:
        found += (_whole(match, Proof.LOOKS) for match in _SUFFIXED.finditer(text))
    found += _bare_forms(text)
    if len(found) < 2:
        return found
    found.sort(key=lambda form: (form.start, -form.proof))
    kept = [found[0]]
    for form in found[1:]:
        if form.start >= kept[-1].end:
            kept.append(form)
    return kept


def _forms(pattern: re.Pattern[str], text: str, proof: Proof) -> list[TickerForm]:
    return [TickerForm(m.start(1), m.end(1), m[1].upper(), proof, m.start(), m.end(), False) for m in pattern.finditer(text)]


def _after_exchanges(text: str) -> Iterator[TickerForm]:
    for match in AFTER_EXCHANGE.finditer(text):
        symbol, exchange = match["symbol"], exchange_of(match["abroad"])
        if is_ticker(symbol, exchange):
            proves = exchange is None or (exchange.is_certain and not symbol.isdigit())
            opens, closes, bracketed = _bracket(text, match.start(), match.end())
            proof = Proof.FORM if proves else Proof.LOOKS
            yield TickerForm(*match.span("symbol"), symbol, proof, opens, closes, bracketed, with_exchange=True, exchange=exchange)


def is_suffixed(symbol: str) -> bool:
    """Whether the symbol has the suffix of an exchange or of a class of shares: `AAPL.O`, `BRK.B`."""
    return _SUFFIXED.fullmatch(symbol) is not None


def _bare_forms(text: str) -> Iterator[TickerForm]:
    for match in _BARE.finditer(text):
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 2]
        if before.isalnum() or before in _NOT_BEFORE_BARE or after[:1] in _NOT_AFTER_BARE or (after[:1] == "." and after[1:].isalnum()):
            continue
        yield _whole(match, Proof.BARE)


def _whole(match: re.Match[str], proof: Proof) -> TickerForm:
    return TickerForm(match.start(), match.end(), match[0], proof, match.start(), match.end(), False)


def _bracket(text: str, start: int, end: int) -> tuple[int, int, bool]:
    """Where the round bracket around a form begins and ends, and whether there is one; of "(NYSE: GE, LSE: GEC)" each form has one."""
    opens = start - 1 if start and text[start - 1] == "(" else start
    closes = end + 1 if text[end : end + 1] == ")" else end
    return opens, closes, opens < start or closes > end
