"""Settings of the catalogue of entities."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from squall.core.config.sections import ReadableFile, Section


class EntitySettings(Section):
    """Companies and other names: what is known of them."""

    path: ReadableFile = Field(None, description="CSV file of your own entities (docs/entities.md); empty: those that ship with Squall")
    mode: Literal["extend", "replace"] = Field(
        "extend", description="extend: add to the shipped entities, and replace those of the same id; replace: only your own"
    )
