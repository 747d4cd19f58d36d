"""What every request that makes a change has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from squall.core.text import clean

MAX_NOTE = 1000


def cleaned(value: object) -> object:
    """Clean text before it is validated; other values pass through."""
    return clean(value, 2 * MAX_NOTE) if isinstance(value, str) else value


Author = Annotated[str, BeforeValidator(cleaned), Field(min_length=1, max_length=80, description="who makes the change")]


class ChangeRequest(BaseModel):
    """A request that makes a change; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")
