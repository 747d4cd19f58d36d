"""How Grafana formats the values of a variable in a query: `${name:format}`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from squall.core.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Selection:
    """What is selected for a variable.

    Args:
        values: the selected values; for `All`, every option.
        multi: several values can be selected, so that Grafana passes a list even for a single value.
        is_all: `All` is selected.
    """

    values: tuple[str, ...]
    multi: bool = False
    is_all: bool = False

    @property
    def many(self) -> bool:
        """Whether Grafana hands the formats a list."""
        return self.multi or self.is_all


def format_variable(name: str, selection: Selection, format_name: str) -> str:
    """Return the text that replaces `${name:format_name}` in the query; an empty format is the plugin's default.

    Raises:
        ConfigurationError: the format is not one of Grafana's formats that make sense in SQL.
    """
    if format_name == "queryparam":
        values = ("$__all",) if selection.is_all else selection.values
        return "&".join(f"var-{_component(name)}={_component(value)}" for value in values)
    write = _FORMATS.get(format_name)
    if write is None:
        raise ConfigurationError(
            f"variable ${name} uses the unknown format {format_name!r}", f"use one of: {', '.join(sorted(_FORMATS))}, queryparam"
        )
    return write(selection.values if selection.many else selection.values[:1], selection.many)


def _strict(text: str) -> str:
    """Percent-encode every character except letters, digits and `-_.~`."""
    return quote(text, safe="", errors="replace")


def _component(text: str) -> str:
    """Percent-encode as in Grafana's URLs: `@:$,` stay, a space becomes a plus sign."""
    return quote(text, safe="@:$, ", errors="replace").replace(" ", "+")


def _plugin(values: Sequence[str], many: bool) -> str:
    joined = "','".join(values)
    return f"'{joined}'" if many else _only(values)


def _only(values: Sequence[str]) -> str:
    return values[0] if values else ""


def _glob(values: Sequence[str], many: bool) -> str:
    return "{" + ",".join(values) + "}" if many and len(values) > 1 else _only(values)


def _percent(values: Sequence[str], many: bool) -> str:
    return _strict("{" + ",".join(values) + "}" if many else _only(values))


def _joined(separator: str) -> Callable[[Sequence[str], bool], str]:
    return lambda values, _: separator.join(values)


def _quoted(mark: str, escaped: str) -> Callable[[Sequence[str], bool], str]:
    # As in Grafana, a backslash is not escaped: in ClickHouse `\'` then ends the string. Our queries do not use these formats.
    return lambda values, _: ",".join(f"{mark}{value.replace(mark, escaped)}{mark}" for value in values)


def _json(values: Sequence[str], many: bool) -> str:
    return json.dumps(list(values) if many else _only(values), ensure_ascii=False, separators=(",", ":"))


_FORMATS: dict[str, Callable[[Sequence[str], bool], str]] = {
    "": _plugin,
    "raw": _joined(","),
    "csv": _joined(","),
    "pipe": _joined("|"),
    "text": _joined(" + "),
    "glob": _glob,
    "percentencode": _percent,
    "singlequote": _quoted("'", "\\'"),
    "doublequote": _quoted('"', '\\"'),
    "sqlstring": _quoted("'", "''"),
    "json": _json,
}
