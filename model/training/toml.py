"""TOML files into validated settings."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from squall.core.config.files.regular import MOST_SETTINGS_BYTES, read_regular_file
from squall.core.errors import ConfigurationError

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path | None) -> dict[str, Any]:
    """Return the content of a TOML file, nothing for None.

    Raises:
        ConfigurationError: missing or broken.
    """
    try:
        return tomllib.loads(read_regular_file(path, MOST_SETTINGS_BYTES).decode("utf-8")) if path else {}
    except ValueError as error:
        raise ConfigurationError(f"{path} can't be read: {error}", "correct the TOML file") from error


def validated(model: type[Model], body: dict[str, Any], path: Path | None) -> Model:
    """Return `body` as `model`.

    Raises:
        ConfigurationError: a value is wrong or a key unknown; names each.
    """
    try:
        return model.model_validate(body)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False)]
        raise ConfigurationError("; ".join(lines), f"correct {path or 'the options'}") from None
