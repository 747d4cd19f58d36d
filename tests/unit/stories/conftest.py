"""A wire of headlines to form stories from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from squall.stories import Incoming

START = datetime(2026, 3, 2, tzinfo=UTC)
_WHO = ("Alpenbank", "Harbor Union", "Northwind Steel", "Quillon Pharma", "Meridian Air", "Tessera Chips", "Ostrava Motors", "Lumen Foods")
_WHAT = (
    "halts withdrawals after run on deposits",
    "recalls trucks over faulty brakes",
    "to buy rival in $3 bln deal",
    "names finance chief to top job",
    "plant explosion injures dozens",
    "wins drug approval in Europe",
    "faces probe over accounting",
    "to close factory in Poland",
)
_AGAIN = ("{}", "UPDATE 1-{}", "{} - sources", "RPT-{}", "Report: {}")


@pytest.fixture(scope="session")
def wire() -> list[Incoming]:
    """Six hundred headlines over ten days in order of time: events of eight companies, told one to five times within hours."""
    random = Random(4)
    documents = []
    for number in range(240):
        who, what = random.choice(_WHO), random.choice(_WHAT)
        begin = START + timedelta(minutes=random.randrange(10 * 24 * 60))
        for telling in range(random.randrange(1, 5)):
            title = _AGAIN[random.randrange(len(_AGAIN))].format(f"{who} {what}")
            at = begin + timedelta(minutes=telling * random.randrange(1, 90))
            documents.append(Incoming(f"{number:04x}{telling}", title, at, (f"company:{who.lower().replace(' ', '-')}",)))
    return sorted(documents, key=lambda document: (document.published_at, document.id))
