"""Settings of the catalogue of entities."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from squall.core.config.sections import ReadableFile, Section


class EntitySettings(Section):
    """Companies and other names: what is known of them."""

    path: ReadableFile = Field(None, description="CSV file of your own entities (docs/entities.md); empty: those that ship with Squall")
    mode: Literal["extend", "replace"] = Field(
        "extend", description="extend: add to the shipped entities, and change those of the same id; replace: only your own"
    )

    @model_validator(mode="after")
    def _replaced_by_something(self) -> Self:
        if self.mode == "replace" and self.path is None:
            raise ValueError("SQUALL_ENTITIES__MODE=replace needs SQUALL_ENTITIES__PATH, the file of your own entities")
        return self
