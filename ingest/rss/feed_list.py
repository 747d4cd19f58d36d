"""The list of feeds to poll, in a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from squall.core.config.files.regular import MOST_SETTINGS_BYTES, read_regular_file
from squall.core.errors import ConfigurationError
from squall.core.net.addresses import redact_url
from squall.ingest.rss.feed import Feed
from squall.ingest.rss.presets import preset_feeds

_EXAMPLE = (
    'a feed is [[feeds]] with url = "https://…" and optionally name, kind, interval_seconds, max_interval_seconds, language, symbols, '
    'timezone, time_format, article; presets = ["wires"] above them adds feeds that ship'
)


class _FeedFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    feeds: tuple[Feed, ...] = ()
    presets: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.feeds and not self.presets:
            raise ValueError("lists no feed and no preset")
        return self


def load_feeds(path: Path) -> tuple[Feed, ...]:
    """Read the `[[feeds]]` and the `presets` of a TOML file; a feed of the file replaces one of a preset with the same URL.

    Raises:
        ConfigurationError: the file is missing or not TOML, a feed is invalid (names the key), two feeds have the same URL, or there is no
            such preset.
    """
    try:
        data = tomllib.loads(read_regular_file(path, MOST_SETTINGS_BYTES).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}", _EXAMPLE) from error
    try:
        listed = _FeedFile.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(
            f"{path}: {where + ': ' if where else ''}{first['msg'].removeprefix('Value error, ')}", _EXAMPLE
        ) from error
    feeds = listed.feeds
    twice = {feed.url for feed in feeds if sum(other.url == feed.url for other in feeds) > 1}
    if twice:
        shown = ", ".join(sorted(redact_url(url) for url in twice))
        raise ConfigurationError(f"{path} lists {shown} more than once", "remove the duplicates")
    return joined(feeds, preset_feeds(listed.presets))


def lists_feeds(path: Path) -> bool:
    """Return whether a TOML file lists feeds, not sources; False for what can't be read.

    Raises:
        ConfigurationError: the file is missing.
    """
    try:
        data = tomllib.loads(read_regular_file(path, MOST_SETTINGS_BYTES).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return False
    return bool(data.keys() & _FeedFile.model_fields.keys())


def joined(own: Sequence[Feed], shipped: Sequence[Feed]) -> tuple[Feed, ...]:
    """Return `own` feeds, and those of the `shipped` ones that are not among them."""
    urls = {feed.url for feed in own}
    return (*own, *(feed for feed in shipped if feed.url not in urls))
