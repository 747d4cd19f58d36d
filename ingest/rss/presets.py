"""Lists of feeds that ship with Squall, by name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from squall.core.errors import ConfigurationError
from squall.ingest.rss.feed import Feed

_FOLDER: Final = Path(__file__).with_name("data")


class _Preset(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    feeds: tuple[Feed, ...] = Field(min_length=1)


@cache
def presets() -> dict[str, tuple[Feed, ...]]:
    """Return the feeds of each preset by its name, in the order of the names."""
    return {
        path.stem: _Preset.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).feeds for path in sorted(_FOLDER.glob("*.toml"))
    }


def preset_feeds(names: Iterable[str]) -> tuple[Feed, ...]:
    """Return the feeds of the presets `names`, each once.

    Raises:
        ConfigurationError: there is no such preset.
    """
    known = presets()
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigurationError(f"there is no preset of feeds {unknown[0]!r}", f"presets: {', '.join(known)}")
    return tuple({feed.url: feed for name in names for feed in known[name]}.values())
