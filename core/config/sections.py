"""What the branches of the settings tree have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """A branch of the tree: frozen, and a misspelt key is an error rather than silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
