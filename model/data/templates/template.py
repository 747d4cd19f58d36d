"""A sentence with slots, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from squall.core.gravity.severities import SEVERITIES

Grade = Annotated[int, Field(ge=0, lt=len(SEVERITIES))]


class Template(BaseModel):
    """A sentence with slots (`squall.model.data.templates.filling.fill`) and its labels.

    `orgs` has for each organisation's slot the severity of what happened to it and the tone towards it. `tone` is None where the text as a
    whole has none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str = Field(min_length=1)
    severity: Grade
    events: tuple[str, ...]
    tone: str | None
    orgs: Mapping[str, tuple[Grade, str]]

    def events_of(self, slot: str) -> tuple[str, ...]:
        """Return what happened to the organisation of `slot`: what the text reports, to its only one, or to those to whom it did harm."""
        grade, _ = self.orgs[slot]
        return self.events if grade or len(self.orgs) == 1 else ()
