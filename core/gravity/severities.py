"""Grades of severity: how grave what a text reports is, from 0 (nothing adverse) to 1 (ruin or catastrophe)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade of severity.

    Args:
        name: of the label in files and checkpoints.
        position: where it is in [0, 1].
        word: what people read.
        meaning: in one sentence.
        examples: two headlines.
    """

    name: str
    position: float
    word: str
    meaning: str
    examples: tuple[str, str]


GRADES: Final = (
    Grade(
        "none",
        0.0,
        "nothing adverse",
        "Neutral or good news, an opinion, or something averted, overcome, long past or merely feared.",
        ("Brewer opens second plant in Poland", "Pilots call off strike after pay deal"),
    ),
    Grade(
        "setback",
        0.25,
        "setback",
        "A miss, a cut, a delay, or a fine that is small for its payer.",
        ("Furniture chain's quarterly sales fall just short of estimates", "Broker lowers its target for tyre maker"),
    ),
    Grade(
        "serious",
        0.5,
        "serious",
        "A profit warning, a cut of a credit rating, a chief executive who leaves at once, a data breach, a recall.",
        ("Engine maker warns on full-year profit, shares drop 9%", "Bank's finance chief quits without notice"),
    ),
    Grade(
        "grave",
        0.75,
        "grave",
        "Fraud, a default that looms, several deaths, a halt of trading, a licence at risk.",
        ("Auditor finds forged accounts at payments firm", "Blast at fertiliser plant kills five workers"),
    ),
    Grade(
        "ruin",
        1.0,
        "ruin",
        "Bankruptcy, collapse, catastrophe: nothing is afterwards as it was.",
        ("Airline files for bankruptcy, grounds entire fleet", "Airliner with 212 aboard crashes into sea"),
    ),
)
"""In ascending order. `model/labelled/README.md` says how texts were graded."""
SEVERITIES: Final = tuple(grade.name for grade in GRADES)
"""Order of the outputs of the severity heads."""
GRAVE_FROM: Final = 0.375
"""Documents of this severity and more are counted as grave: its word is serious, or a graver one."""


def severity_word(severity: float) -> str:
    """Return the word of the grade that is nearest to `severity`, in [0, 1]; half-way, that of the graver one."""
    return next(grade.word for grade in reversed(GRADES) if severity >= grade.position - 0.5 / (len(GRADES) - 1))
