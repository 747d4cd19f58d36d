"""Expands the macros and variables of a panel's query as Grafana and its ClickHouse plugin do, so that it can run without them.

The order is the plugin's: `$__conditionalAll` and the variables (in the browser), then the time macros (in the backend).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from squall.core.errors import ConfigurationError
from squall.dashboards.grafana.variable_formats import Selection, format_variable

_CONDITIONAL = "$__conditionalAll("
_MACRO = re.compile(r"\$__(\w+)")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::([^}]+))?\})")
_NAMED = re.compile(r"(?<=\$\{)\w+(?=\})|(?<=\$)\w+")
POINTS = 1000
"""Default width of a panel in pixels: Grafana requests one point for each."""
_NICE = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800, 2592000)


def interval_seconds(start: datetime, end: datetime, points: int = POINTS) -> int:
    """Return the bucket (seconds) that Grafana requests for a chart `points` wide: the nearest round interval."""
    wanted = (end - start).total_seconds() / points
    return min(_NICE, key=lambda nice: abs(nice - wanted))


def variables_in(sql: str) -> set[str]:
    """Return the names of the variables a query uses."""
    names = [found[1] or found[2] for found in _VARIABLE.finditer(sql)]
    return {name for name in names if not name.startswith("__")}


def expand(sql: str, *, start: datetime, end: datetime, interval: int, variables: Mapping[str, Selection]) -> str:
    """Return the query as ClickHouse receives it.

    Args:
        start: with `end`, the time range; aware.
        interval: seconds of `$__interval_s`.
        variables: the selection of each variable.

    Raises:
        ConfigurationError: an unknown macro or format, a macro without its arguments, or an undefined variable.
    """
    unknown = set(_MACRO.findall(sql)) - _TIME.keys() - {"conditionalAll"}
    if unknown:
        raise ConfigurationError(
            f"unknown macro $__{min(unknown)}", f"the plugin supports: {', '.join(f'$__{name}' for name in sorted(_TIME))}"
        )
    text = _interpolate(_conditions(sql, variables), variables)
    return _times(text, _Range(int(start.timestamp() * 1000), int(end.timestamp() * 1000), max(interval, 1)))


def _conditions(sql: str, variables: Mapping[str, Selection]) -> str:
    at = sql.rfind(_CONDITIONAL)
    while at != -1:
        arguments, end = _arguments(sql, at + len(_CONDITIONAL) - 1)
        if len(arguments) != 2:
            raise ConfigurationError(f"$__conditionalAll takes a condition and a variable, not {len(arguments)} arguments")
        named = _NAMED.search(arguments[1].strip())
        if named is None:
            raise ConfigurationError(
                f"the second argument of $__conditionalAll is {arguments[1].strip()!r}, not a variable", "write it as $name"
            )
        selection = _selection(named[0], variables)
        unrestricted = selection.is_all or ",".join(selection.values) == ""
        sql = sql[:at] + ("1=1" if unrestricted else arguments[0]) + sql[end:]
        at = sql.rfind(_CONDITIONAL)
    return sql


def _interpolate(sql: str, variables: Mapping[str, Selection]) -> str:
    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name.startswith("__"):
            return found[0]
        return format_variable(name, _selection(name, variables), found[3] or "")

    return _VARIABLE.sub(value, sql)


def _selection(name: str, variables: Mapping[str, Selection]) -> Selection:
    if name not in variables:
        raise ConfigurationError(f"variable ${name} is not defined", f"defined variables: {', '.join(sorted(variables)) or 'none'}")
    return variables[name]


class _Range:
    """The time range in milliseconds and the interval in seconds."""

    def __init__(self, start: int, end: int, interval: int) -> None:
        self.start, self.end, self.interval = start, end, interval

    def seconds(self, bound: int) -> str:
        return f"toDateTime({bound // 1000})"

    def milliseconds(self, bound: int) -> str:
        return f"fromUnixTimestamp64Milli({bound})"

    def date(self, bound: int) -> str:
        return f"toDate(toDateTime({bound // 1000}, 'UTC'))"

    def between(self, column: str, write: Callable[[int], str]) -> str:
        return f"{column} >= {write(self.start)} AND {column} <= {write(self.end)}"


_TIME: dict[str, tuple[int, Callable[..., str]]] = {
    "fromTime": (0, lambda span: span.seconds(span.start)),
    "toTime": (0, lambda span: span.seconds(span.end)),
    "fromTime_ms": (0, lambda span: span.milliseconds(span.start)),
    "toTime_ms": (0, lambda span: span.milliseconds(span.end)),
    "interval_s": (0, lambda span: str(span.interval)),
    "timeFilter": (1, lambda span, column: span.between(column, span.seconds)),
    "timeFilter_ms": (1, lambda span, column: span.between(column, span.milliseconds)),
    "dateFilter": (1, lambda span, column: span.between(column, span.date)),
    "timeInterval": (1, lambda span, column: f"toStartOfInterval(toDateTime({column}), INTERVAL {span.interval} second)"),
    "timeInterval_ms": (
        1,
        lambda span, column: f"toStartOfInterval(toDateTime64({column}, 3), INTERVAL {span.interval * 1000} millisecond)",
    ),
}
"""Number of arguments and expansion of each backend macro."""


def _times(sql: str, span: _Range) -> str:
    at = 0
    while found := _MACRO.search(sql, at):
        name = found[1]
        if name not in _TIME:  # part of a variable's value
            at = found.end()
            continue
        count, write = _TIME[name]
        arguments, end = _arguments(sql, found.end()) if sql[found.end() : found.end() + 1] == "(" else ([], found.end())
        given = [argument.strip() for argument in arguments if argument.strip()]
        if len(given) != count:
            raise ConfigurationError(f"$__{name} takes {count} argument{'' if count == 1 else 's'}, not {len(given)}")
        text = write(span, *given)
        sql = sql[: found.start()] + text + sql[end:]
        at = found.start() + len(text)
    return sql


def _arguments(sql: str, opening: int) -> tuple[list[str], int]:
    """Return the arguments in the brackets that open at `opening`, split at the top-level commas, and the end position."""
    found: list[str] = []
    depth, begin = 0, opening + 1
    for place in range(opening, len(sql)):
        mark = sql[place]
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if depth == 0:
            return [*found, sql[begin:place]], place + 1
        if mark == "," and depth == 1:
            found.append(sql[begin:place])
            begin = place + 1
    raise ConfigurationError(f"the query has an unclosed bracket: {sql[opening : opening + 60]!r}")
