"""Variants of the detector's settings: `--sweep p_value=1e-3,1e-4 --sweep window_minutes=30,60` is four of them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from pydantic import ValidationError

from squall.core.config.settings import DetectorSettings
from squall.core.errors import ConfigurationError

MOST_VARIANTS: Final = 64
_WITHOUT_EFFECT: Final = frozenset(
    {
        "market", "symbols", "sectors",
        "interval_seconds", "settle_seconds", "idle_seconds", "grace_minutes", "no_data_p_value", "lease_seconds",
    }
)  # fmt: skip
"""Settings that decide what is counted, which is the same for all variants, and settings of the running service."""
_ALIASES: Final = {"threshold": "p_value", "window": "window_minutes"}


@dataclass(frozen=True, slots=True)
class Variant:
    """Settings that differ from the run's own in `changes`, written as they were given."""

    changes: tuple[tuple[str, str], ...]
    settings: DetectorSettings

    @property
    def label(self) -> str:
        """For people: `p_value=1e-4, window_minutes=30`."""
        return ", ".join(f"{name}={value}" for name, value in self.changes)


def parse_sweep(entries: Sequence[str], base: DetectorSettings) -> list[Variant]:
    """Return every combination of the values that `entries`, each `NAME=VALUE,VALUE…`, give; none without entries.

    Raises:
        ConfigurationError: an entry is not of this form, a name is no setting of the detector, a value is refused, or they are too many.
    """
    if not entries:
        return []
    axes = [_axis(entry) for entry in entries]
    names = [name for name, _ in axes]
    if len(set(names)) < len(names):
        raise ConfigurationError(f"--sweep names a setting twice: {', '.join(names)}", "give its values together, NAME=VALUE,VALUE")
    combinations = list(product(*(values for _, values in axes)))
    if len(combinations) > MOST_VARIANTS:
        raise ConfigurationError(f"--sweep asks for {len(combinations)} variants", f"give values for at most {MOST_VARIANTS}")
    return [_variant(tuple(zip(names, values, strict=True)), base) for values in combinations]


def _axis(entry: str) -> tuple[str, list[str]]:
    name, equals, rest = entry.partition("=")
    values = [value.strip() for value in rest.split(",") if value.strip()]
    name = _ALIASES.get(name.strip(), name.strip())
    if not equals or not values:
        raise ConfigurationError(f"--sweep {entry!r} is not NAME=VALUE,VALUE", "for example --sweep p_value=1e-3,1e-4,1e-5")
    if name not in DetectorSettings.model_fields:
        near = difflib.get_close_matches(name, DetectorSettings.model_fields, n=1)
        hint = f"did you mean {near[0]}?" if near else "settings: " + ", ".join(DetectorSettings.model_fields)
        raise ConfigurationError(f"--sweep: {name!r} is not a setting of the detector", hint)
    if name in _WITHOUT_EFFECT:
        raise ConfigurationError(f"--sweep: {name!r} has the same value in all variants of a backtest", "set it for the whole run")
    return name, list(dict.fromkeys(values))


def _variant(changes: tuple[tuple[str, str], ...], base: DetectorSettings) -> Variant:
    try:
        return Variant(changes, DetectorSettings.model_validate(base.model_dump() | dict(changes)))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"--sweep: {where}={first.get('input')}: {first['msg']}", "give a value that the setting takes") from error
