"""Matchers of silences, with Alertmanager's operators: `topic=Energy*`, `severity!=warning`, `topic=~"Energy.*|Macro"`, `topic!~Gold.*`.

As in Alertmanager a pattern must match the whole label, and regular expressions are RE2's, whose engine needs time in proportion to the
text whatever the pattern. Two things differ, because our labels are names that people read: case does not matter, and `=` and `!=`
know the wildcards * and ?.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import re2

from squall.core.errors import ConfigurationError
from squall.core.records import Alert

LABELS: Final = ("topic", "kind", "severity", "test")
"""Labels that a matcher may use; `topic` is the name of any series."""
LONGEST: Final = 500
"""Characters of a pattern."""
_MEMORY: Final = 1 << 20
"""Bytes that one regular expression may need; with the limit on its length this bounds what a silence costs."""
_QUOTES: Final = "'\""
_HINT: Final = "write label=pattern, as topic='Energy*', severity!=warning or topic=~'Energy.*|Macro'"


class Operator(StrEnum):
    """How the label is compared with the pattern."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One label, compared with one pattern; `parse` reads the text form, `str` writes it."""

    label: str
    pattern: str
    operator: Operator = Operator.EQUAL

    def __str__(self) -> str:
        misread = self.pattern[0] in f"~{_QUOTES}" or self.pattern != self.pattern.strip()
        return f"{self.label}{self.operator}" + (f'"{self.pattern}"' if misread else self.pattern)

    @property
    def is_regex(self) -> bool:
        """Whether the pattern is a regular expression."""
        return self.operator in {Operator.REGEX, Operator.NOT_REGEX}

    @property
    def is_negative(self) -> bool:
        """Whether it matches where its pattern does not."""
        return self.operator in {Operator.NOT_EQUAL, Operator.NOT_REGEX}

    def matches(self, alert: Alert) -> bool:
        """Return whether the label of the alert is as the matcher wants it."""
        return self.matches_value(label_of(alert, self.label))

    def matches_value(self, value: str) -> bool:
        """Return whether a value of the label is as the matcher wants it."""
        regex = self.pattern if self.is_regex else glob_to_regex(self.pattern)
        return _found(regex, value) is not self.is_negative


def label_of(alert: Alert, label: str) -> str:
    """Return the value of one of `LABELS`."""
    return str(getattr(alert, label))


def fits(pattern: str, text: str) -> bool:
    """Return whether `text` as a whole matches `pattern` (with * and ?), case-insensitive."""
    return _found(glob_to_regex(pattern), text)


def glob_to_regex(pattern: str) -> str:
    """Return a pattern with * and ? as a regular expression of RE2; every other character stands for itself."""
    return "".join({"*": ".*", "?": "."}.get(letter) or re2.escape(letter) for letter in _valid(pattern))


def any_of(patterns: Sequence[str], *, within: bool = False) -> str:
    """Return a regular expression of RE2 for texts that match one of `patterns` (with * and ?); empty when there is none.

    Args:
        patterns: each not empty and at most `LONGEST` characters.
        within: the pattern may also stand for whole words within the text.

    Raises:
        ConfigurationError: a pattern is empty or too long.
    """
    if not patterns:
        return ""
    found = "|".join(glob_to_regex(_checked_glob(pattern)) for pattern in patterns)
    return rf"(?is)^(?:.*[^\pL\pN])?(?:{found})(?:[^\pL\pN].*)?$" if within else f"(?is)^(?:{found})$"


def parse(text: str) -> Matcher:
    """Read label, operator and pattern; quotes around the pattern are taken off.

    Raises:
        ConfigurationError: no operator, no pattern, one that is too long or a broken regular expression, or no label of `LABELS`.
    """
    at = min((place for place in (text.find("="), text.find("!")) if place >= 0), default=len(text))
    operator = next((found for found in sorted(Operator, key=len, reverse=True) if text.startswith(found, at)), None)
    label, pattern = text[:at].strip().lower(), text[at + len(operator or "") :].strip()
    if len(pattern) > 1 and pattern[0] == pattern[-1] and pattern[0] in _QUOTES:
        pattern = pattern[1:-1]
    if operator is None or not pattern:
        raise ConfigurationError(f"{_shown(text)} is not a matcher", _HINT)
    if label not in LABELS:
        raise ConfigurationError(f"{_shown(text)}: alerts have no label {_shown(label)}", f"labels: {', '.join(LABELS)}")
    if len(pattern) > LONGEST:
        raise ConfigurationError(f"{_shown(text)}: the pattern has {len(pattern):,} characters", f"at most {LONGEST} are allowed")
    matcher = Matcher(label, pattern, operator)
    if matcher.is_regex:
        _check(text, pattern)
    return matcher


def parse_all(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """Read several matchers, as `parse` does."""
    return tuple(map(parse, texts))


def all_match(matchers: Sequence[Matcher], alert: Alert) -> bool:
    """Return whether every matcher matches; an empty list matches no alert."""
    return bool(matchers) and all(matcher.matches(alert) for matcher in matchers)


def _checked_glob(pattern: str) -> str:
    if not pattern.strip() or len(pattern) > LONGEST:
        raise ConfigurationError(f"{_shown(pattern)} is not a pattern", f"write 1 to {LONGEST} characters; * and ? are wildcards")
    return pattern.strip()


def _check(text: str, pattern: str) -> None:
    try:
        _compiled(_valid(pattern))
    except re2.error as error:
        why = error.args[0] if error.args else error
        said = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
        raise ConfigurationError(
            f"{_shown(text)}: the regular expression is not valid: {said}", "the syntax is RE2's: https://github.com/google/re2/wiki/Syntax"
        ) from None


def _found(regex: str, text: str) -> bool:
    return _compiled(_valid(regex)).fullmatch(_valid(text)) is not None


@lru_cache(1024)
def _compiled(regex: str) -> Any:
    options = re2.Options()
    options.case_sensitive, options.dot_nl, options.log_errors, options.never_capture, options.max_mem = False, True, False, True, _MEMORY
    return re2.compile(regex, options)


def _valid(text: str) -> str:
    """Return the text with U+FFFD for lone surrogates, which UTF-8 does not have."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")
