"""Matchers of silences: lists of `label=pattern`, as `topic=Energy*` or `severity=warning`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from squall.core.errors import ConfigurationError
from squall.core.records import Alert

LABELS: Final = ("topic", "kind", "severity", "test")
"""Labels that a matcher may use; `topic` is the name of any series."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One `label=pattern`; * stands for any text, ? for any character; case-insensitive."""

    label: str
    pattern: str

    def __str__(self) -> str:
        return f"{self.label}={self.pattern}"

    def matches(self, alert: Alert) -> bool:
        """Return whether the label of the alert matches the pattern."""
        return fits(self.pattern, str(getattr(alert, self.label)))


def fits(pattern: str, text: str) -> bool:
    """Return whether `text` matches `pattern` (with * and ?), case-insensitive."""
    return fnmatchcase(text.casefold(), pattern.casefold())


def parse(text: str) -> Matcher:
    """Read `label=pattern`; quotes around the pattern are taken off.

    Raises:
        ConfigurationError: no `=`, no pattern, or a label that is not in `LABELS`.
    """
    label, equals, pattern = text.partition("=")
    label, pattern = label.strip().lower(), pattern.strip()
    if len(pattern) > 1 and pattern[0] == pattern[-1] and pattern[0] in "'\"":
        pattern = pattern[1:-1]
    if not equals or not pattern:
        raise ConfigurationError(f"{text!r} is not a matcher", "write label=pattern, as topic='Energy*' or severity=warning")
    if label not in LABELS:
        raise ConfigurationError(f"{text!r}: alerts have no label {label!r}", f"labels: {', '.join(LABELS)}")
    return Matcher(label, pattern)


def parse_all(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """Read several matchers, as `parse` does."""
    return tuple(map(parse, texts))


def all_match(matchers: Sequence[Matcher], alert: Alert) -> bool:
    """Return whether every matcher matches; an empty list matches no alert."""
    return bool(matchers) and all(matcher.matches(alert) for matcher in matchers)
