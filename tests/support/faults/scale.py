"""How hard the fault suite tries: seconds in `make test`, hours in `make soak`."""

from __future__ import annotations

import os
from dataclasses import dataclass

SOAK_MINUTES = float(os.environ.get("SOAK_MINUTES", "0"))
"""How long `make soak` throws random faults; 0: the short form."""


@dataclass(frozen=True)
class Scale:
    """Sizes of the faults.

    Args:
        crisis_days: days of the stream over which processes are killed; about 3,200 lines a day, the third day has the crisis.
        kills: how often each process is killed.
        pause_seconds: how long a stopped or unreachable process stays so.
    """

    crisis_days: int
    kills: int
    pause_seconds: float


SHORT = Scale(crisis_days=3, kills=1, pause_seconds=5.0)
LONG = Scale(crisis_days=62, kills=20, pause_seconds=60.0)
SCALE = LONG if SOAK_MINUTES else SHORT
