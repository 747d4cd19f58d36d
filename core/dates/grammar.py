"""Dates as people and programs write them. Every part of the text has a meaning, or the text is refused.

dateutil, dateparser and email.utils skip what they do not know: a zone's name, half of the day, a second time. Here a text is taken apart:
the clock, the half of the day and the zone around it, then the words, and what is left must be exactly a day, a month and a year.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final

from squall.core.dates import zones
from squall.core.dates.names import Meaning, meaning, meaning_anywhere, plain_word

_LEAP_SECOND: Final = 60
_UNITS: Final = (
    (re.compile(r"(\d)\s?[年년]\s?(?=\d)"), r"\1-"),
    (re.compile(r"(\d)\s?[月월]\s?(?=\d)"), r"\1-"),
    (re.compile(r"(\d)\s?[日일号](?![曜요])"), r"\1 "),
    (re.compile(r"(\d)\s?[時时點点시]\s?(?=\d)"), r"\1:"),
    (re.compile(r"(\d)\s?[分분]\s?(?=\d)"), r"\1:"),
    (re.compile(r"(:\d\d?)\s?[分분秒초]"), r"\1 "),
)
"""The units of East Asian dates, as the signs that others use."""
_SIGNS: Final = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2014": "-"} | dict.fromkeys("\u200e\u200f\ufeff\u200b", " "))
_ORDINAL: Final = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|ère|º|ª)(?![^\W\d_])", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(?<![\d:.+-])(\d{1,2})(?::|h(?=\d))(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,12}))?)?(?![\d:])", re.IGNORECASE)
_HOUR: Final = re.compile(r"(?<![\d:.,/+-])(\d{1,2})(?:h(?![^\W\d_])| ?(?=[ap]\.? ?m(?![^\W\d_])))", re.IGNORECASE)
_HALF: Final = re.compile(r" ?([^\W\d_]+(?:\. ?[^\W\d_]+)?\.?)")
_FIRST_WORD: Final = re.compile(r" ?([^\W\d_]+\.?)")
_LAST_WORD: Final = re.compile(r"([^\s\d,.]{1,12}) ?$")
_OF_CLOCK: Final = re.compile(r" ?(?:uhr|hrs?|h|o'clock)(?![^\W\d_])\.?", re.IGNORECASE)
_OFFSET: Final = re.compile(r" ?([+-]\d{1,2}(?::?\d{2})?(?::?\d{2})?)(?![\d:])")
_NAME: Final = re.compile(r"[ ,]{0,2}([A-Za-z]{1,5})(?![^\W\d_]|/)")
_PLACE: Final = re.compile(r" ?\[?([A-Za-z]{2,20}(?:/[A-Za-z0-9_+-]{1,30}){1,2})\]?")
_BRACKETS: Final = re.compile(r" ?\[([A-Za-z][A-Za-z0-9_/+-]{0,40})\]")
_COMMENT: Final = re.compile(r" ?\(([^()\d]{1,60})\)")
_DAY_ZONE: Final = re.compile(r"(?<=\d)(?: ?(Z|UTC|GMT|UT)|([+-]\d\d:\d\d))$", re.IGNORECASE)
_LAST_ZONE: Final = re.compile(r"(?<=\d),? (?:([+-]\d\d:?\d\d)|\(?([A-Za-z]{1,5})\)?)$")
_WORD: Final = re.compile(r"[^\s\d!-/:-@\[-`{-~’–—،、。]+(?:[.][^\s\d!-/:-@\[-`{-~’–—،、。]+)*")
_JOINING_WORDS: Final = (
    "of the on at t d de del den der le la el à a á as às las los om um alle ore kl klo o'clock am г года р в о ה ב ngày"
)
_JOINING: Final = frozenset(_JOINING_WORDS.split())
"""Words between the parts of a date, in several languages; they say nothing."""
_ELISION: Final = re.compile(r"(?<![^\W\d_])d[’'](?=[^\W\d_])")
"""Catalan: "1 d’abril"."""
_MONTH: Final = "\x01"
_SHAPES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?P<d>\d{{1,2}})[ .,/-]{{0,3}}{_MONTH}[ .,/-]{{0,3}}'?(?P<y>\d{{4}}|\d\d)",
        rf"{_MONTH}[ .,/-]{{0,3}}(?P<d>\d{{1,2}})[ .,/-]{{1,3}}(?P<y>\d{{4}})",
        rf"(?P<y>\d{{4}})[ .,/-]{{0,3}}{_MONTH}[ .,/-]{{0,3}}(?P<d>\d{{1,2}})",
        r"(?P<y>\d{4})(?P<s>[-/]|\. ?)(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})",
        r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
        r"(?P<d>\d{1,2})\. ?(?P<m>\d{1,2})\. ?(?P<y>\d{4})",
    )
)
_NUMBERS_ONLY: Final = re.compile(r"\d{1,2}([-/.])\d{1,2}\1(?:\d{4}|\d\d)")
_CENTURY: Final = 50
_ENGLISH_HALVES: Final = {"am": {0}, "pm": {1}}
"""In every language; where they are one letter, it may be a military zone."""


class DateError(ValueError):
    """A text is no date that is understood as a whole; the message says which part is not."""


@dataclass(frozen=True, slots=True)
class _Clock:
    """A time of day: seconds since midnight, and what is written around it."""

    time: timedelta
    before: str
    behind: str


def read_date(text: str, naive: tzinfo | None, language: str) -> datetime:
    """Return the time that `text` names; without a zone if it names none. A day without a time is its midnight.

    Args:
        text: at most about a hundred characters; its digits are 0 to 9.
        naive: the zone of times without one: of two zones with one abbreviation it is the one that is meant.
        language: of the text, such as `de` or `en-IN`; empty if not known.

    Raises:
        DateError: a part of it has no meaning, has more than one, or is missing.
    """
    clean = _cleaned(text)
    clock = _clock(clean, language)
    if clock is None:
        match = _DAY_ZONE.search(clean)
        day = _day(clean[: match.start()] if match else clean, language)
        return day if match is None else day.replace(tzinfo=timezone(_offset(match[2]) if match[2] else timedelta(0)))
    zone, rest = _zone_text(clock.behind)
    if zone is None and (end := _LAST_ZONE.search(rest)) and (end[1] or zones.is_abbreviation(end[2])):
        zone, rest = _Zone(_offset(end[1]) if end[1] else None, end[2] or ""), rest[: end.start()]  # 14:05 2 March 2026 CET
    if any(len(word) == 1 and word.isascii() for word in _WORD.findall(rest)):
        raise DateError(f"{rest.strip()!r} is not understood; a letter alone is a military zone, whose sign nobody agrees on")
    # 24:00 is the next day's midnight
    local = _day(f"{clock.before} {rest}", language) + clock.time
    return local if zone is None else local.replace(tzinfo=_tzinfo(zone, local, naive, language))


def read_time_of_day(text: str, language: str) -> timedelta | None:
    """Return the time since midnight if `text` is a time of day and nothing else, else None."""
    clean = _cleaned(text)
    try:
        clock = _clock(clean, language)
    except DateError:
        return None
    return clock.time if clock is not None and not clock.before.strip() and not clock.behind.strip() else None


def _cleaned(text: str) -> str:
    clean = _ORDINAL.sub(r"\1", text)
    if not clean.isascii():
        clean = unicodedata.normalize("NFKC", clean).translate(_SIGNS)
        for unit, sign in _UNITS:
            clean = unit.sub(sign, clean)
    return " ".join(clean.replace("|", " ").split())


def _clock(clean: str, language: str) -> _Clock | None:
    match = _CLOCK.search(clean)
    if match is None:
        match = _HOUR.search(clean)
    if match is None:
        return None
    hour, *rest = (int(part or 0) for part in (match.groups() + (None,) * 3)[:3])
    minute, second = rest
    fraction = (match[4] or "") if match.re is _CLOCK else ""
    before, behind = clean[: match.start()].rstrip(), clean[match.end() :]
    if second == _LEAP_SECOND:
        second = 59  # a leap second counts to its minute
    half, before, behind = _half(before, behind, language)
    if half is not None:
        if hour > 12 or (hour == 0 and half):
            raise DateError(f"{match[0].strip()!r} is no time of twelve hours")
        hour = hour % 12 + 12 * half
    if minute > 59 or second > 59 or hour > 24 or (hour == 24 and (minute or second)):
        raise DateError(f"{match[0].strip()!r} is no time of day")
    behind = behind[end.end() :] if (end := _OF_CLOCK.match(behind)) else behind
    micro = int(fraction.ljust(6, "0")[:6] or 0)
    return _Clock(timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micro), before, behind)


def _half(before: str, behind: str, language: str) -> tuple[int | None, str, str]:
    """Return the half of the day that stands beside a clock, and what is left on both sides."""
    for form in (_HALF, _FIRST_WORD):
        if match := form.match(behind):
            halves = _ENGLISH_HALVES.get(plain_word(match[1])) or meaning(match[1], language).halves
            if len(halves) == 1 and not zones.is_abbreviation(match[1]):
                return next(iter(halves)), before, behind[match.end() :]
    match = _LAST_WORD.search(before)
    if match and not match[1].isascii():  # East Asian: the half before the clock. German "am" there is no half of a day
        halves = meaning(match[1], language).halves
        if len(halves) == 1:
            return next(iter(halves)), before[: match.start()], behind
    return None, before, behind


@dataclass(frozen=True, slots=True)
class _Zone:
    """A zone as written: an offset, a name, or both."""

    offset: timedelta | None = None
    name: str = ""


def _zone_text(behind: str) -> tuple[_Zone | None, str]:
    """Return the zone at the beginning of what is behind a clock, and the rest."""
    name, offset, rest = "", None, behind
    if (match := _NAME.match(rest)) and zones.is_abbreviation(match[1]):
        name, rest = match[1], rest[match.end() :]
    elif match := _PLACE.match(rest):
        return (_Zone(name=match[1]), rest[match.end() :]) if zones.place(match[1]) else (None, behind)
    if match := _OFFSET.match(rest):
        offset, rest = _offset(match[1]), rest[match.end() :]
        if not name and (match := _NAME.match(rest)) and zones.is_abbreviation(match[1]):
            name, rest = match[1], rest[match.end() :]
        elif match := _PLACE.match(rest):
            rest = rest[match.end() :] if zones.place(match[1]) else rest
    if (name or offset is not None) and (match := _BRACKETS.match(rest)):  # Java: 14:05+01:00[Europe/Berlin], 14:05Z[UTC]
        rest = rest[match.end() :] if match[1].upper() in zones.UTC_NAMES or zones.place(match[1]) else rest
    if match := _COMMENT.match(rest):
        inside = match[1].strip()
        if not name and zones.is_abbreviation(inside):
            name, rest = inside, rest[match.end() :]
        elif offset is not None:  # JavaScript: GMT+0100 (Central European Standard Time)
            rest = rest[match.end() :]
    return (_Zone(offset, name) if name or offset is not None else None), rest


def _offset(text: str) -> timedelta:
    try:
        return zones.parse_offset(text)
    except ValueError as error:
        raise DateError(str(error)) from None


def _tzinfo(zone: _Zone, local: datetime, naive: tzinfo | None, language: str) -> tzinfo:
    if zone.offset is None:
        try:
            place = None if zones.is_abbreviation(zone.name) else zones.place(zone.name)  # "EET" is both: there, with summer time
            return place or zones.abbreviated(zone.name, naive, language)
        except ValueError as error:
            raise DateError(str(error)) from None
    if zone.name and zone.name.upper() not in zones.UTC_NAMES and zone.offset not in zones.offsets_of(zone.name, local):
        raise DateError(f"{zone.name} and the offset beside it contradict each other")
    return timezone(zone.offset)


@lru_cache(maxsize=1024)  # neighbours in a file or a feed are of one day
def _day(text: str, language: str) -> datetime:
    """Return the midnight of the day that `text` names."""
    text = _ELISION.sub("", text)
    words = [word for word in _WORD.finditer(text) if plain_word(word[0]) not in _JOINING]
    month = _month([word[0] for word in words], language)
    marked = words[month.place].start() if month else -1
    skeleton = _WORD.sub(lambda word: _MONTH if word.start() == marked else " ", text)
    skeleton = " ".join(skeleton.replace("(", " ").replace(")", " ").split()).strip(" ,.-/@")
    skeleton = re.sub(r"[ ,]{2,3}", " ", skeleton)
    for shape in _SHAPES:
        if match := shape.fullmatch(skeleton):
            return _date(match, month.number if month else int(match["m"]))
    if _NUMBERS_ONLY.fullmatch(skeleton):
        raise DateError(f"day and month of {skeleton!r} can't be told apart; give the format of the times")
    raise DateError("it is not exactly one day, month and year")


def _date(match: re.Match[str], month: int) -> datetime:
    year = int(match["y"])
    if len(match["y"]) == 2:
        year += 2000 if year < _CENTURY else 1900  # RFC 2822
    try:
        return datetime(year, month, int(match["d"]))  # noqa: DTZ001 - the caller sets the zone
    except ValueError:
        raise DateError(f"there is no day {match['d']} in month {month} of {year}") from None


@dataclass(frozen=True, slots=True)
class _Month:
    """Which of the words is the month, and which month it is."""

    place: int
    number: int


def _month(words: list[str], language: str) -> _Month | None:
    """Return the month among the words; the others must be one day of the week. None: no word is a month."""
    if not words:
        return None
    own = [meaning(word, language) for word in words]
    for word, known in zip(words, own, strict=True):
        if not (known.months or known.weekdays):
            raise DateError(f"{word!r} is neither a month, a day of the week nor a time zone")
    found = _arranged(own) or _arranged([_wider(word, known) for word, known in zip(words, own, strict=True)])
    if found is None:
        raise DateError(f"{' '.join(words)!r} is not understood")
    place, months = found
    if place is None:
        return None
    if len(months) > 1:
        listed = " or ".join(str(month) for month in sorted(months))
        raise DateError(f"{words[place]!r} is month {listed}, depending on the language; set the language")
    return _Month(place, next(iter(months)))


def _wider(word: str, known: Meaning) -> Meaning:
    return Meaning(known.months, known.weekdays | meaning_anywhere(word).weekdays)


def _arranged(meanings: list[Meaning]) -> tuple[int | None, set[int]] | None:
    """Return the place of the month and which months it can be, if the other words are one day of the week.

    (None, …): there is no month; None: the words are something else. Of two that fit the later one is the month: "mar 3 mar".
    """
    places: list[int | None] = [place for place, one in enumerate(meanings) if one.months]
    for place in [*reversed(places), None]:
        days = [one.weekdays for number, one in enumerate(meanings) if number != place]
        if not days or set.intersection(*days):
            return place, meanings[place].months if place is not None else set()
    return None
