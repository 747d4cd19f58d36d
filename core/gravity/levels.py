"""Levels of adversity at which the detector of names counts what is said of each: all of it, what is adverse, and what is past each limit.

The store keeps counts at these levels, so that a change of any number here has them counted anew (`KEY`).
"""

from __future__ import annotations

from typing import Final

LIMITS: Final = (0.3, 0.5, 0.65)
"""Severities from which on documents are counted: a setback, serious, grave. `docs/severity.md` says what they mean."""
ADVERSE: Final = 0.25
"""Severity from which on a document is adverse,"""
NEGATIVE: Final = 0.5
"""or its tone: the probability that it is negative, beside some severity."""
SOME: Final = 0.08
LEVELS: Final = 2 + len(LIMITS)
"""Documents are counted at so many levels: all, adverse ones, and those past each limit."""
KEY: Final = "/".join(map(str, (*LIMITS, ADVERSE, NEGATIVE, SOME)))
"""Tells counts at these levels from counts at others."""


def level_of(severity: float, p_negative: float) -> int:
    """Return the highest level at which a document counts, 0 to `LEVELS` − 1; it counts at all below as well."""
    past = sum(severity >= limit for limit in LIMITS)
    return past + 1 if past or severity >= ADVERSE or (p_negative > NEGATIVE and severity >= SOME) else 0
