"""Abbreviations of time zones. One that several zones share counts where the language, or the zone that is set, tells which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

UTC_NAMES: Final = frozenset({"Z", "UTC", "GMT", "UT"})
_LONGEST_OFFSET: Final = timedelta(hours=14)
_WESTERNMOST: Final = timedelta(hours=-12)

_FIXED: Final = """
ACDT+1030 ACST+0930 AEDT+1100 AEST+1000 AFT+0430 AKDT-0800 AKST-0900 ALMT+0500 ART-0300 AWDT+0900 AWST+0800 AZT+0400
BNT+0800 BOT-0400 BRST-0200 BRT-0300 BTT+0600 CAT+0200 CEDT+0200 CEST+0200 CET+0100 CHADT+1345 CHAST+1245 CHST+1000 CLST-0300
CLT-0400 COT-0500 CVT-0100 EAT+0300 EEDT+0300 EEST+0300 EET+0200 FJT+1200 GET+0400 GFT-0300 HADT-0900 HAST-1000 HDT-0900 HKT+0800
HST-1000 ICT+0700 IDT+0300 IRDT+0430 IRST+0330 JST+0900 KGT+0600 KST+0900 MDT-0600 MESZ+0200 MEST+0200 MET+0100 MEZ+0100 MMT+0630 MSD+0400
MUT+0400 MVT+0500 MYT+0800 NDT-0230 NPT+0545 NST-0330 NZDT+1300 NZST+1200 OMST+0600 PET-0500 PHT+0800 PKT+0500 SAST+0200 SGT+0800
SLST+0530 TJT+0500 TLT+0900 TMT+0500 TRT+0300 ULAT+0800 UYT-0300 UZT+0500 VET-0400 VLAT+1000 WAT+0100 WEDT+0100 WEST+0100 WET+0000
WIB+0700 WIT+0900 WITA+0800 YEKT+0500
"""
_BY_DATE: Final = {
    "AT": "America/Halifax",
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
    "MSK": "Europe/Moscow",
}
"""Names that say a place and not an offset, or whose offset was changed."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One of several meanings of an abbreviation: its offset, and where it is meant so.

    Args:
        offset: east of UTC.
        languages: of texts from there, without a region.
        regions: of a language code such as `en-IN`.
        zones: the beginnings of the names of time zones there.
    """

    offset: timedelta
    languages: tuple[str, ...]
    regions: tuple[str, ...]
    zones: tuple[str, ...]


def _reading(offset: str, languages: str, regions: str, zones: str) -> _Reading:
    return _Reading(parse_offset(offset), tuple(languages.split()), tuple(regions.split()), tuple(zones.split()))


def parse_offset(text: str) -> timedelta:
    """Return the offset of `+0530`, `-5`, `-700`, `+05:30` or `+05:30:00`.

    Raises:
        ValueError: it is outside -12:00 to +14:00, or its minutes are no minutes.
    """
    digits = text[1:].replace(":", "")
    digits = digits.zfill(2 if len(digits) <= 2 else 4 if len(digits) <= 4 else 6).ljust(6, "0")
    hours, minutes, seconds = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds) * (-1 if text[0] == "-" else 1)
    if minutes > 59 or seconds > 59 or not is_offset(offset):
        raise ValueError(f"{text} is no offset from UTC")
    return offset


def is_offset(offset: timedelta) -> bool:
    """Return whether a zone can have this offset."""
    return _WESTERNMOST <= offset <= _LONGEST_OFFSET


_SHARED: Final[dict[str, tuple[_Reading, ...]]] = {
    "ACT": (_reading("-0500", "", "BR", "America/Rio_Branco"), _reading("+0930", "", "AU", "Australia/")),
    "ADT": (_reading("-0300", "", "CA BM US", "America/ Atlantic/"), _reading("+0400", "ar", "IQ", "Asia/Baghdad")),
    "AMST": (_reading("-0300", "pt", "BR", "America/"), _reading("+0500", "hy", "AM", "Asia/Yerevan")),
    "AMT": (_reading("-0400", "pt", "BR", "America/"), _reading("+0400", "hy", "AM", "Asia/Yerevan")),
    "AST": (
        _reading("-0400", "", "CA BM PR US DO TT BB", "America/ Atlantic/"),
        _reading("+0300", "ar", "SA KW QA BH IQ YE", "Asia/Riyadh Asia/Kuwait Asia/Qatar Asia/Bahrain Asia/Baghdad Asia/Aden"),
    ),
    "BDT": (_reading("+0600", "bn", "BD", "Asia/Dhaka"), _reading("+0800", "ms", "BN", "Asia/Brunei")),
    "BST": (
        _reading("+0100", "cy gd", "GB UK", "Europe/London Europe/Belfast Europe/Jersey Europe/Guernsey Europe/Isle_of_Man GB"),
        _reading("+0600", "bn", "BD", "Asia/Dhaka"),
        _reading("+1100", "", "PG", "Pacific/Bougainville"),
    ),
    "CDT": (_reading("-0500", "", "US CA MX", "America/ US/ Canada/"), _reading("-0400", "", "CU", "America/Havana Cuba")),
    "CST": (
        _reading("-0600", "", "US CA MX CR GT HN NI SV BZ", "America/ US/ Canada/ Mexico/"),
        _reading("+0800", "zh", "CN TW MO HK", "Asia/Shanghai Asia/Taipei Asia/Hong_Kong Asia/Macau Asia/Urumqi PRC ROC Hongkong"),
        _reading("-0500", "", "CU", "America/Havana Cuba"),
    ),
    "ECT": (_reading("-0500", "", "EC", "America/Guayaquil"), _reading("-0400", "", "BB TT LC VC GD", "America/")),
    "EDT": (_reading("-0400", "", "US CA", "America/ US/ Canada/"), _reading("+1100", "", "AU", "Australia/")),
    "EST": (_reading("-0500", "", "US CA JM PA MX", "America/ US/ Canada/ EST"), _reading("+1000", "", "AU", "Australia/")),
    "GST": (
        _reading("+0400", "ar", "AE OM", "Asia/Dubai Asia/Muscat"),
        _reading("-0200", "", "GS", "Atlantic/South_Georgia"),
        _reading("+1000", "", "GU", "Pacific/"),
    ),
    "IST": (
        _reading("+0530", "hi te ta mr gu kn ml pa or as", "IN LK", "Asia/Kolkata Asia/Calcutta Asia/Colombo"),
        _reading("+0100", "ga", "IE", "Europe/Dublin Eire"),
        _reading("+0200", "he iw yi", "IL", "Asia/Jerusalem Asia/Tel_Aviv Israel"),
    ),
    "MST": (
        _reading("-0700", "", "US CA MX", "America/ US/ Canada/ Mexico/ MST"),
        _reading("+0800", "ms", "MY", "Asia/Kuala_Lumpur Asia/Kuching"),
        _reading("+0630", "my", "MM", "Asia/Yangon Asia/Rangoon"),
    ),
    "PDT": (_reading("-0700", "", "US CA MX", "America/ US/ Canada/ Mexico/"), _reading("+0900", "fil tl", "PH", "Asia/Manila")),
    "PST": (_reading("-0800", "", "US CA MX", "America/ US/ Canada/ Mexico/"), _reading("+0800", "fil tl", "PH", "Asia/Manila")),
    "SST": (_reading("-1100", "sm", "AS", "Pacific/"), _reading("+0800", "", "SG", "Asia/Singapore")),
    "WST": (_reading("+0800", "", "AU", "Australia/"), _reading("+1300", "sm", "WS", "Pacific/Apia")),
}
_RFC_822: Final = frozenset({"EST", "EDT", "CST", "CDT", "MST", "PST", "PDT"})
"""RFC 822 gives these their North American meaning, which they have where nothing says otherwise."""


def is_abbreviation(name: str) -> bool:
    """Return whether `name` abbreviates a zone that is known."""
    key = name.upper()
    return key in UTC_NAMES or key in _fixed() or key in _BY_DATE or key in _SHARED


def abbreviations() -> tuple[str, ...]:
    """Return all abbreviations that are known."""
    return (*sorted(UTC_NAMES), *_fixed(), *_BY_DATE, *_SHARED)


@cache
def _fixed() -> dict[str, timedelta]:
    pairs = (entry.partition(sign) for entry in _FIXED.split() for sign in "+-" if sign in entry)
    return {name: parse_offset(sign + digits) for name, sign, digits in pairs}


@cache
def _iana_names() -> frozenset[str]:
    return frozenset(available_timezones())


def place(name: str) -> tzinfo | None:
    """Return the zone that `name` has in the time zone database, such as `Europe/Berlin`; None if it has none."""
    return ZoneInfo(name) if name in _iana_names() else None


@lru_cache(maxsize=1024)
def abbreviated(name: str, naive: tzinfo | None, language: str) -> tzinfo:
    """Return the zone that an abbreviation means.

    Args:
        name: of `is_abbreviation`.
        naive: the zone that is set for times without one.
        language: of the text, such as `en-IN`; empty if not known.

    Raises:
        ValueError: several zones have this abbreviation, and nothing says which is meant.
    """
    key = name.upper()
    if key in UTC_NAMES:
        return UTC
    if key in _BY_DATE:
        return ZoneInfo(_BY_DATE[key])
    if key in _fixed():
        return timezone(_fixed()[key], key)
    readings = _SHARED[key]
    set_zone = str(naive) if isinstance(naive, ZoneInfo) else ""
    meant = [max(readings, key=lambda one: _common(set_zone, one.zones))] if any(_common(set_zone, one.zones) for one in readings) else []
    code, _, rest = language.replace("_", "-").partition("-")
    regions = {part.upper() for part in rest.split("-")}
    meant = meant or [one for one in readings if regions & set(one.regions)] or [one for one in readings if code.lower() in one.languages]
    if not meant and key in _RFC_822:
        meant = [readings[0]]
    if not meant:
        offsets = " or ".join(_written(one.offset) for one in readings)
        raise ValueError(f"the time zone {key} can be {offsets}: set the time zone, or a language with its region such as en-IN")
    return timezone(meant[0].offset, key)


def offsets_of(name: str, local: datetime) -> set[timedelta]:
    """Return every offset that an abbreviation of `is_abbreviation` can stand for."""
    key = name.upper()
    if key in _SHARED:
        return {one.offset for one in _SHARED[key]}
    return {local.replace(tzinfo=abbreviated(key, None, "")).utcoffset() or timedelta(0)}


def _common(zone: str, beginnings: tuple[str, ...]) -> int:
    """Return the length of the longest of `beginnings` that `zone` has."""
    return max((len(beginning) for beginning in beginnings if zone.startswith(beginning)), default=0)


def _written(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
