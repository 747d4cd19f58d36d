"""The base of every response model, and the error response."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class View(BaseModel):
    """A response model built from the attributes of a row of the store."""

    model_config = ConfigDict(from_attributes=True)


class ErrorView(BaseModel):
    """Why a request failed."""

    detail: str = Field(description="one or more sentences for a person")
