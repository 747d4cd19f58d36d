"""A document of the synthetic stream before it has an id, and the outlets that publish it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from squall.core.text import gist

NEWS_SOURCES = (
    ("Meridian Wire", "mw", "meridian-wire.example"),
    ("Northgate Business", "ng", "northgate-business.example"),
    ("Tidewater Financial", "tf", "tidewater.example"),
    ("Corran Ledger", "cl", "corran-ledger.example"),
    ("Crossbridge Markets", "cm", "crossbridge.example"),
    ("PressLane", "pl", "presslane.example"),
)
"""Name, code for ids, domain."""
SOCIAL_SOURCES = (("chirrup", "ch", "chirrup.example"), ("marketpit", "mp", "marketpit.example"))
"""As `NEWS_SOURCES`."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A document before it has an id; `url` has a place for it."""

    at: datetime
    story: int
    part: str
    topic: str
    sentiment: str
    kind: str
    source: str
    code: str
    author: str
    url: str
    title: str
    text: str
    language: str
    symbols: tuple[str, ...]

    @property
    def content(self) -> str:
        """What the model will read, as `squall.core.records.Document.content` joins it."""
        return f"{self.title}. {self.text}" if self.title and self.text else self.title or self.text

    @property
    def gist(self) -> str:
        """The text that identifies its story, as `squall.core.records.Document.gist` does."""
        return gist(self.title, self.text)
