"""Slots of a template filled with names, amounts and dates as agencies, newspapers and posts write them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

_SLOT = re.compile(r"\{([^{}]*)\}")
_SMALL_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MONTHS = ("Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_QUARTERS = (
    *("Q{n}", "{ordinal}-quarter", "{n}Q", "{ordinal} quarter", "Q{n} FY19", "fiscal {ordinal}-quarter"),
    *("Q{n}",) * 3,
)
_ORDINALS = ("first", "second", "third", "fourth")
_CURRENCIES = (
    ("$", ""),
    ("$", ""),
    ("$", ""),
    ("€", ""),
    ("£", ""),
    ("A$", ""),
    ("C$", ""),
    ("", " euros"),
    ("", " pounds"),
    ("", " francs"),
)
_RUPEES_SHARE = 0.1
_LOWER_SHARE = 0.3
_YEARS = 1900, 2100
_BEFORE_DIGITS = (".", "$", "€", "£", "Rs ", "Rs. ", "-", "+", *"0123456789")
_AFTER_DIGITS = tuple(f"{mark}{digit}" for mark in ("", ",", ".") for digit in "0123456789")
"""What a number follows that is not written as a word: $0.45, 19{n}."""
_NO_LETTERS = "\"'*#“‘ "


class FilledSlot(NamedTuple):
    """A slot and what stands in its place.

    Args:
        key: what is between the braces.
        start: offset of the first character in the filled text.
        end: offset after the last.
    """

    key: str
    start: int
    end: int


@dataclass(frozen=True)
class Fillers:
    """What slots are filled with.

    Args:
        organisations: names of companies.
        places: names of countries and cities.
        given_names: of persons.
        surnames: of persons.
    """

    organisations: Sequence[str]
    places: Sequence[str]
    given_names: Sequence[str]
    surnames: Sequence[str]


def slots(template: str) -> list[str]:
    """Return what is between the braces of `template`, in order."""
    return _SLOT.findall(template)


def fill(template: str, fillers: Fillers, rng: random.Random) -> tuple[str, list[FilledSlot]]:
    """Return the text and its filled slots; a slot that occurs twice is filled alike.

    `{A}`, `{B}`, `{C}` are organisations, `{place}`, `{place2}` places, `{person}` and `{surname}` persons, `{ticker:A}` the cashtag of A,
    `{pct:LOW-HIGH}` a percentage, `{n:LOW-HIGH}` an integer, `{money:LOW-HIGH}` millions, `{date}` a day, `{q}` a quarter. A template
    in lower case, or in capitals, is filled in that case; one in lower case that begins with a slot may be a sentence with names in theirs.

    Raises:
        ValueError: an unknown slot, or a range that is none.
    """
    case = _case(template, rng)
    chosen: dict[str, str] = {}
    pieces: list[str] = []
    found: list[FilledSlot] = []
    last = length = 0
    for match in _SLOT.finditer(template):
        key = match.group(1)
        before = template[last : match.start()]
        if key not in chosen:
            in_number = before.endswith(_BEFORE_DIGITS) or template.startswith(_AFTER_DIGITS, match.end())
            chosen[key] = case(_value(key, fillers, rng, chosen, digits=in_number))
        pieces += (before, chosen[key])
        length += len(before) + len(chosen[key])
        found.append(FilledSlot(key, length - len(chosen[key]), length))
        last = match.end()
    return "".join((*pieces, template[last:])), found


def _case(template: str, rng: random.Random) -> Callable[[str], str]:
    """The case of a name. A template in lower case that begins with a name may be a sentence."""
    letters = _SLOT.sub("", template)
    if letters == letters.upper() and any(map(str.isalpha, letters)):
        return str.upper
    begins_with_slot = template.lstrip(_NO_LETTERS).startswith("{")
    lower = letters == letters.lower() and (not begins_with_slot or rng.random() < _LOWER_SHARE)
    return str.lower if lower else str


def _value(key: str, fillers: Fillers, rng: random.Random, chosen: dict[str, str], *, digits: bool) -> str:
    name, _, argument = key.partition(":")
    if name in {"A", "B", "C"} and not argument:
        return _other(fillers.organisations, chosen, rng)
    if name in {"place", "place2"}:
        return _other(fillers.places, chosen, rng)
    if name == "ticker":
        return "$" + _ticker(chosen.get(argument) or _other(fillers.organisations, chosen, rng), rng)
    if name in {"person", "surname"}:
        surname = rng.choice(fillers.surnames)
        return surname if name == "surname" else f"{rng.choice(fillers.given_names)} {surname}"
    if name == "date":
        return rng.choice((rng.choice(_DAYS), f"{rng.choice(_MONTHS)} {rng.randint(1, 28)}"))
    if name == "q":
        number = rng.randint(0, 3)
        return rng.choice(_QUARTERS).format(n=number + 1, ordinal=_ORDINALS[number])
    if name in {"pct", "n", "money"}:
        low, high = _range(key, argument)
        if digits and name == "n":
            return str(rng.randint(int(low), int(high)))
        return {"pct": _percentage, "n": _integer, "money": _money}[name](low, high, rng)
    raise ValueError(f"{{{key}}} is no slot: there are A, B, C, place, place2, person, surname, ticker:A, pct, n, money, date and q")


def _other(values: Sequence[str], chosen: dict[str, str], rng: random.Random) -> str:
    """One of `values` that no slot has yet."""
    taken = {value.lower() for value in chosen.values()}
    for _ in range(20):
        value = rng.choice(values)
        if value.lower() not in taken:
            break
    return value


def _range(key: str, argument: str) -> tuple[float, float]:
    low, _, high = argument.partition("-")
    try:
        found = float(low), float(high)
    except ValueError:
        raise ValueError(f"{{{key}}} has no range: write two numbers, {{pct:5-14}}") from None
    if found[0] > found[1]:
        raise ValueError(f"{{{key}}} has a range from more to less")
    return found


def _ticker(name: str, rng: random.Random) -> str:
    letters = "".join(filter(str.isascii, filter(str.isalpha, name))).upper() or "XYZ"
    length = min(len(letters), rng.randint(2, 4))
    return letters[0] + "".join(rng.sample(letters[1:], length - 1))


def _percentage(low: float, high: float, rng: random.Random) -> str:
    value = rng.uniform(low, high)
    whole = round(value)
    number = str(whole) if whole >= max(low, 1) and whole <= high and rng.random() < 0.6 else f"{value:.1f}"
    return number + rng.choice(("%", "%", "%", " percent", " pct", " per cent"))


def _integer(low: float, high: float, rng: random.Random) -> str:
    value = rng.randint(int(low), int(high))
    if low >= _YEARS[0] and high <= _YEARS[1]:
        return str(value)
    if value < len(_SMALL_NUMBERS) and rng.random() < 0.6:
        return _SMALL_NUMBERS[value]
    return f"{value:,}" if rng.random() < 0.7 else str(value)


def _money(low: float, high: float, rng: random.Random) -> str:
    millions = rng.uniform(low, high)
    if rng.random() < _RUPEES_SHARE:
        return f"Rs {max(1, round(millions * 7)):,} {rng.choice(('crore', 'cr'))}"
    before, after = rng.choice(_CURRENCIES)
    if millions >= 1000:
        unit = rng.choice((" billion", " billion", " bln", "bn", "B"))
        return f"{before}{millions / 1000:.{rng.randint(0, 2) if millions > 2000 else 1}f}{unit}{after}"
    unit = rng.choice((" million", " million", " mln", "m", "M"))
    return f"{before}{millions:.0f}{unit}{after}" if millions >= 3 else f"{before}{millions:.1f}{unit}{after}"
