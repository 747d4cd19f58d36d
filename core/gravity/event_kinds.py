"""Kinds of events: what a text says happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class EventKind:
    """A kind of event.

    Args:
        name: of the label in files, checkpoints and the store.
        label: what people read.
        meaning: in one sentence.
        examples: two headlines.
    """

    name: str
    label: str
    meaning: str
    examples: tuple[str, str]


KINDS: Final = (
    EventKind(
        "insolvency",
        "insolvency or default",
        "Somebody cannot pay: insolvency, default, restructuring of debt, administration, liquidation.",
        ("Toy retailer files for Chapter 11", "Province misses interest payment on its bonds"),
    ),
    EventKind(
        "bailout",
        "bail-out or rescue",
        "Somebody else pays: a bail-out, a rescue, an emergency loan, a nationalisation in trouble.",
        ("State takes over stricken lender", "Shareholders agree emergency loan for shipyard"),
    ),
    EventKind(
        "fraud",
        "fraud or investigation",
        "Dishonesty found, charged or looked into: fraud, bribes, laundering, insider dealing, false accounts, raids for them.",
        ("Police search offices of meat exporter in bribery case", "Fund manager admits inventing returns"),
    ),
    EventKind(
        "legal",
        "fine, lawsuit or settlement",
        "A fine, lawsuit, settlement, verdict or damages for a company or authority, or a probe by a competition or safety authority.",
        ("Court orders chipmaker to pay $400 mln over patents", "Insurer settles claims of flood victims"),
    ),
    EventKind(
        "rating_cut",
        "rating cut",
        "A credit rating or its outlook is cut, or an analyst recommends a share less.",
        ("Agency cuts utility to junk", "Analyst downgrades cruise line to sell"),
    ),
    EventKind(
        "results",
        "profit warning or bad results",
        "A profit warning, a lower outlook, results below expectation, a loss, job cuts for lack of business.",
        ("Shoe chain cuts its outlook again", "Steelmaker swings to a loss in third quarter"),
    ),
    EventKind(
        "accident",
        "accident or disaster",
        "An accident, fire, explosion or natural disaster, deaths by them, an epidemic.",
        ("Fire guts warehouse of online grocer", "Earthquake shakes copper region, mines evacuated"),
    ),
    EventKind(
        "cyber",
        "cyber attack or data breach",
        "Computers attacked or data stolen, leaked or held to ransom.",
        ("Hackers steal records of 2 mln hotel guests", "Ransomware stops lines of car parts maker"),
    ),
    EventKind(
        "outage",
        "outage or trading fault",
        "A service is down, a system or an exchange fails, a fault stops production.",
        ("Card payments fail across the country for three hours", "Glitch floods exchange with wrong orders"),
    ),
    EventKind(
        "recall",
        "recall or product safety",
        "A product is called back, unsafe or contaminated.",
        ("Pram maker recalls 90,000 buckles", "Salmonella found in chocolate plant"),
    ),
    EventKind(
        "sanctions",
        "sanctions, war or expropriation",
        "Sanctions, tariffs and trade bans, war, armed or terror attacks, coups, expropriation.",
        ("Parliament bans imports of foreign steel", "Drones hit oil terminal"),
    ),
    EventKind(
        "strike",
        "strike or unrest",
        "A strike, protest, riot or blockade.",
        ("Dockers walk out at three ports", "Farmers block motorways over diesel tax"),
    ),
    EventKind(
        "executive",
        "executive leaves",
        "A leader of a company, authority or state leaves, is dismissed, arrested or charged, falls ill or dies.",
        ("Chairman of brewery resigns over loan", "Founder of drone maker dies in crash"),
    ),
    EventKind(
        "regulator",
        "stopped by a regulator",
        "An authority stops or forbids: a licence withdrawn, a merger blocked, trading halted, a drug rejected, a share delisted.",
        ("Watchdog blocks merger of two hospital groups", "Exchange suspends trading in property developer"),
    ),
    EventKind(
        "market_crash",
        "market crash or bank run",
        "A market, a currency, a commodity or a share falls hard, or depositors run.",
        ("Stocks plunge 6% in heaviest selling for years", "Savers queue outside lender's branches"),
    ),
)
"""`model/labelled/README.md` says how texts were labelled."""
EVENT_KINDS: Final = tuple(kind.name for kind in KINDS)
"""Order of the outputs of the events head."""
_LABELS: Final = {kind.name: kind.label for kind in KINDS}


def event_label(name: str) -> str:
    """Return what people read for the event `name`; a name of a checkpoint's own is read with spaces for its underscores."""
    return _LABELS.get(name) or name.replace("_", " ").strip() or name
