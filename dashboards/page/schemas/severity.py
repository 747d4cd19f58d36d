"""Severity and events as the JSON API returns them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, computed_field

from squall.core.gravity.event_kinds import event_label
from squall.core.gravity.severities import severity_word


class EventNameView(BaseModel):
    """Something that happened."""

    name: str = Field(description="docs/severity.md lists them; a model may have names of its own")

    @computed_field(description="the same in words")  # type: ignore[prop-decorator]
    @property
    def label(self) -> str:
        """What people read."""
        return event_label(self.name)


class EventView(EventNameView):
    """Something that a document says happened."""

    probability: float


EventNames = Annotated[
    list[EventNameView], BeforeValidator(lambda names: [{"name": each} if isinstance(each, str) else each for each in names])
]
"""From names alone, as the store keeps them of a mention."""


def _named(value: Any) -> Any:
    return [{"name": each[0], "probability": each[1]} if isinstance(each, tuple) else each for each in value]


Events = Annotated[list[EventView], BeforeValidator(_named)]


class SeverityView(BaseModel):
    """Mixed into what has a severity."""

    severity: float | None = Field(
        None, description="how grave what happened is, 0 (nothing adverse) to 1 (ruin); null: no model with a head for it has read it"
    )

    @computed_field(description="the same as a word: nothing adverse, setback, serious, grave, ruin")  # type: ignore[prop-decorator]
    @property
    def severity_word(self) -> str | None:
        """The word of the nearest grade."""
        return None if self.severity is None else severity_word(self.severity)


class GravestView(BaseModel):
    """Mixed into what counts documents."""

    gravest: float | None = Field(None, description="largest severity of the documents, 0 to 1; null: none of them has one")
    mean_severity: float | None = Field(None, description="of the documents that have one")
    grave: int = Field(0, description="documents that are serious or graver: of severity 0.375 or more")

    @computed_field(description="`gravest` as a word: nothing adverse, setback, serious, grave, ruin")  # type: ignore[prop-decorator]
    @property
    def gravest_word(self) -> str | None:
        """The word of the nearest grade."""
        return None if self.gravest is None else severity_word(self.gravest)
