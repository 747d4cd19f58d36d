"""What the sections of the settings have in common: they are frozen, and so is every value in them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from squall.core.net.outbound.policy import checked_private_hosts

K = TypeVar("K")
V = TypeVar("V")

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]
PrivateHosts = Annotated[tuple[str, ...], AfterValidator(checked_private_hosts)]
"""Hosts, as `host` or `host:port`."""


class Section(BaseModel):
    """A section of the settings: frozen; a misspelt key is an error, not silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class FrozenDict(Mapping[K, V]):
    """A mapping that can't be changed.

    As a pydantic annotation, `Annotated[Mapping[K, V], FrozenDict]` validates as the mapping does and holds a `FrozenDict`.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, V]) -> None:
        self._items = tuple(items.items())

    def __getitem__(self, key: K) -> V:
        for name, value in self._items:
            if name == key:
                return value
        raise KeyError(key)

    def __iter__(self) -> Iterator[K]:
        return (name for name, _ in self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items))

    def __repr__(self) -> str:
        return repr(dict(self._items))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate as `source`, then freeze; serialise as a dict."""
        return core_schema.no_info_after_validator_function(
            cls, handler(source), serialization=core_schema.plain_serializer_function_ser_schema(dict)
        )


def _readable(path: Path | None) -> Path | None:
    if path is None:
        return None
    path = path.expanduser()
    if not path.is_file():
        raise ValueError(f"{path} is not a file")
    if not os.access(path, os.R_OK):
        raise ValueError(f"{path} can't be read by this user")
    return path


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


ReadableFile = Annotated[Path | None, AfterValidator(_readable), BeforeValidator(_none_if_empty)]
"""A file that exists and is readable when the settings are loaded; empty text is None."""
