"""Templates → invented headlines and posts: choices are made and slots filled with the caller's random generator."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from squall.ingest.synthetic.phrases import Company, Phrases

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)\}")
_SPACES = re.compile(r" {2,}")
_FUTURE_MONTHS = ("April", "May", "June", "July", "September", "October", "November")
_RATERS = ("Corbinne Ratings", "Meridiane Ratings", "Tollard Ratings")
_RATINGS = ("neutral", "hold", "equal weight", "sector perform", "market perform", "in-line")
_QUARTERS = ("fourth quarter 2024", "first quarter 2025", "second quarter 2025", "full-year 2024", "fiscal third quarter")
_NEWCO_HEADS = ("Alder", "Brisk", "Cobal", "Dovet", "Elmin", "Fathom", "Glint", "Hazel", "Inker", "Jolt", "Kestle", "Lumen")
_NEWCO_MIDS = ("ridge", "ware", "grove", "path", "loop", "forge", "stack", "mere", "well", "point", "nest", "quay")
_NEWCO_TAILS = ("", "", " Labs", " Health", " Robotics", " Foods", " Energy", " Group", " Bio", " Pay", " Holdings")
_FUND_TAILS = ("Capital", "Partners", "Equity", "Asset Management", "Growth", "Infrastructure Partners")


class Scene:
    """The facts of one document: a slot drawn once keeps its value, so title and text agree.

    Args:
        rng: the source of chance.
        phrases: the words.
        companies: those that it may be about.
        lead: the company of `{co}`, `{t}` and `{ticker}`; None draws one.
    """

    def __init__(self, rng: random.Random, phrases: Phrases, companies: Sequence[Company], lead: Company | None = None) -> None:
        self.rng = rng
        self._phrases = phrases
        self._companies = companies
        self._cast: dict[str, Company] = {"": lead} if lead else {}
        self._bound: dict[str, str] = {}

    def write(self, template: str) -> str:
        """Return `template` with its choices made and its slots filled.

        Raises:
            KeyError: a slot that is neither a list nor computed.
        """
        while "[" in template:
            template = _CHOICE.sub(lambda match: self.rng.choice(match[1].split("|")), template)
        filled = _SLOT.sub(lambda match: self._value(match[1]), template)
        return _SPACES.sub(" ", filled).strip()

    @property
    def symbols(self) -> tuple[str, ...]:
        """Tickers of the companies named so far."""
        return tuple(company.ticker for company in self._cast.values())

    def company(self, suffix: str = "") -> Company:
        """Return the company of `{co<suffix>}`, drawing one that has no other slot."""
        if suffix not in self._cast:
            taken = set(self._cast.values())
            self._cast[suffix] = self.rng.choice([c for c in self._companies if c not in taken])
        return self._cast[suffix]

    def _value(self, slot: str) -> str:
        if slot != slot.lower():
            value = self._value(slot.lower())
            return value.upper() if slot == slot.upper() else value[:1].upper() + value[1:]
        if slot not in self._bound:
            self._bound[slot] = self._draw(slot)
        return self._bound[slot]

    def _draw(self, slot: str) -> str:
        stem = slot.rstrip("23")
        suffix = slot[len(stem) :]
        if stem in {"co", "t", "ticker"}:
            company = self.company(suffix)
            return {"co": company.name, "t": f"${company.ticker}", "ticker": company.ticker}[stem]
        maker = _MAKERS.get(slot) or _MAKERS.get(stem)
        if maker:
            return maker(self)
        taken = {self._bound.get(stem + other) for other in ("", "2", "3")}
        return self.rng.choice([value for value in self._phrases.lists[stem] if value not in taken])

    def person(self) -> str:
        """Return a full name."""
        lists = self._phrases.lists
        return f"{self.rng.choice(lists['first'])} {self.rng.choice(lists['last'])}"


def _decimal(low: float, high: float, places: int) -> Callable[[Scene], str]:
    return lambda scene: f"{scene.rng.uniform(low, high):,.{places}f}"


def _whole(low: int, high: int, step: int = 1) -> Callable[[Scene], str]:
    return lambda scene: f"{scene.rng.randrange(low, high, step):,}"


def _one(values: Sequence[str]) -> Callable[[Scene], str]:
    return lambda scene: scene.rng.choice(values)


def _money(scene: Scene) -> str:
    if scene.rng.random() < 0.55:
        return f"{scene.rng.randrange(15, 990)} million"
    return f"{scene.rng.uniform(1, 19):.1f} billion"


def _newco(scene: Scene) -> str:
    return "".join(scene.rng.choice(part) for part in (_NEWCO_HEADS, _NEWCO_MIDS, _NEWCO_TAILS))


def _fund(scene: Scene) -> str:
    return f"{scene.person().split()[-1]} {scene.rng.choice(_FUND_TAILS)}"


def _month_day(scene: Scene) -> str:
    return f"{scene.rng.choice(('March', 'April', 'May'))} {scene.rng.randrange(7, 31)}"


_MAKERS: dict[str, Callable[[Scene], str]] = {
    "person": Scene.person,
    "newco": _newco,
    "fund": _fund,
    "money": _money,
    "monthday": _month_day,
    "month2": _one(_FUTURE_MONTHS),
    "agencyrating": _one(_RATERS),
    "rating": _one(_RATINGS),
    "pronoun": _one(("she", "he")),
    "q": _one(("Q1", "Q2", "Q3", "Q4")),
    "qfull": _one(_QUARTERS),
    "nth": lambda scene: f"{scene.rng.randrange(4, 13)}th",
    "n": _whole(2, 10),
    "n2": _whole(11, 61),
    "n00": lambda scene: f"{scene.rng.randrange(110, 990)}",
    "d": _whole(0, 10),
    "k": _whole(1_050, 48_000, 50),
    "yr": _whole(27, 46),
    "hour": _whole(6, 12),
    "pct": _decimal(0.2, 4.9, 1),
    "bigpct": _whole(5, 39),
    "eps": _decimal(0.05, 3.4, 2),
    "epsd": _decimal(0.01, 0.42, 2),
    "rev": lambda scene: f"{scene.rng.uniform(22, 980):.1f}M",
    "revd": lambda scene: f"{scene.rng.uniform(0.4, 48):.2f}M",
    "ipo": _whole(12, 900),
    "pt": _whole(24, 410),
    "ptlow": _whole(5, 24),
    "price": _decimal(6, 340, 2),
    "div": _decimal(0.04, 1.9, 3),
    "bp": _one(("25", "50", "75")),
    "bps": _whole(2, 19),
    "yield": _decimal(3.1, 5.3, 2),
    "brent": _decimal(66, 82, 2),
    "wti": _decimal(62, 78, 2),
    "gas": _decimal(1.9, 4.8, 2),
    "mbpd": lambda scene: f"{scene.rng.uniform(0.6, 29):.2f} mln bpd",
    "claims": _whole(198_000, 262_000, 1_000),
    "gold": _whole(2_780, 2_990),
    "silver": _decimal(29, 34, 2),
    "metalp": _whole(1_900, 17_500, 5),
    "fx": _decimal(1.03, 1.11, 4),
    "gbp": _decimal(1.23, 1.31, 4),
    "yen": _decimal(146, 154, 2),
    "dxy": _decimal(103, 109, 2),
    "cny": _decimal(7.15, 7.31, 4),
    "btc": _whole(78_000, 99_000, 50),
    "crash": _decimal(12, 68, 1),
    "crashprice": _decimal(0.9, 9.5, 2),
    "bigmoney": lambda scene: f"{scene.rng.uniform(1.1, 17):.1f} billion",
}
