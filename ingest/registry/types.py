"""The types of sources of this installation: those of Squall, and those of packages with entry points in the group `squall.sources`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from squall.core.errors import ConfigurationError
from squall.ingest.registry.source_type import SourceOptions, SourceType

GROUP: Final = "squall.sources"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

BUILT_IN: Final[Mapping[str, str]] = {
    "folder": "squall.ingest.local.folder:FolderType",
    "tail": "squall.ingest.local.tail:TailType",
    "kafka": "squall.ingest.topic.source:KafkaType",
    "imap": "squall.ingest.mail.source:ImapType",
    "bluesky": "squall.ingest.bluesky.source_type:BlueskyType",
    "edgar": "squall.ingest.edgar.source_type:EdgarType",
    "gdelt": "squall.ingest.gdelt.source_type:GdeltType",
    "mastodon": "squall.ingest.mastodon.source_type:MastodonType",
    "reddit": "squall.ingest.reddit.source_type:RedditType",
}
"""Squall's own types, as entry points are written. Not in the metadata of the package: a checkout would have to be installed again."""


class SourceTypes:
    """The types by name; a package is imported when one of its types is asked for.

    Args:
        found: entry points of packages; a name that occurs twice, or that Squall has itself, can't be used.
    """

    def __init__(self, found: Iterable[EntryPoint]) -> None:
        self._points: dict[str, list[EntryPoint]] = {name: [EntryPoint(name, value, GROUP)] for name, value in BUILT_IN.items()}
        for point in found:
            self._points.setdefault(point.name, []).append(point)

    @property
    def names(self) -> list[str]:
        """The names, sorted."""
        return sorted(self._points)

    def get(self, name: str) -> SourceType[Any]:
        """Return the type `name`.

        Raises:
            ConfigurationError: there is none, there are several, or its package can't be imported or is not as it should be.
        """
        points = self._points.get(name, [])
        if not points:
            raise ConfigurationError(
                f"there is no type of source {name!r}",
                f"types: {', '.join(self.names) or 'none'}; a package adds its own by an entry point in the group {GROUP}",
            )
        if len(points) > 1:
            packages = ", ".join(sorted(_package(point) for point in points))
            raise ConfigurationError(f"several packages have a type of source {name!r}: {packages}", "uninstall all but one")
        return _made(points[0])


def installed_types() -> SourceTypes:
    """Return the types of this installation."""
    return SourceTypes(entry_points(group=GROUP))


def _made(point: EntryPoint) -> SourceType[Any]:
    package = _package(point)
    what, remedy = f"the type of source {point.name!r} of {package}", f"install another version of {package}, or report it there"
    try:
        loaded = point.load()
    except Exception as error:
        raise ConfigurationError(f"{what} can't be loaded: {type(error).__name__}: {error}", remedy) from error
    if not (isinstance(loaded, type) and issubclass(loaded, SourceType)):
        raise ConfigurationError(f"{what} is no subclass of squall.sources.SourceType: {point.value}", remedy)
    missing = [name for name in ("name", "summary", "Options", "example") if not hasattr(loaded, name)]
    if missing or getattr(loaded, "__abstractmethods__", None):
        raise ConfigurationError(f"{what} lacks {', '.join([*missing, *sorted(loaded.__abstractmethods__)])}", remedy)
    if loaded.name != point.name or not _NAME.fullmatch(loaded.name):
        raise ConfigurationError(f"{what} calls itself {loaded.name!r}; both must be the same: a-z, 0-9, - and _, at most 40", remedy)
    if not issubclass(loaded.Options, SourceOptions):
        raise ConfigurationError(f"{what} has Options that are no squall.sources.SourceOptions", remedy)
    return loaded()


def _package(point: EntryPoint) -> str:
    distribution = getattr(point, "dist", None)
    return f"{distribution.name} {distribution.version}" if distribution is not None else "squall"
