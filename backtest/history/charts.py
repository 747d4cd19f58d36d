"""The charts of a report as inline SVG: they take their colours from the page, light or dark, and need no script."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final

import numpy as np

from squall.alerts.minutes import instant, minute_of
from squall.backtest.history.chart_data import ChartSeries
from squall.core.records import Alert

_WIDTH, _HEIGHT = 900, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 8, 24
_STEPS: Final = tuple(timedelta(hours=hours) for hours in (1, 3, 6, 12, 24, 48, 96, 168, 336, 720, 2160, 8760))
_MOST_MARKS: Final = 10

Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Shade:
    """A span of time that a chart marks: an event."""

    start: datetime
    end: datetime
    name: str


def timeline(line: ChartSeries, alerts: Sequence[Alert], shades: Sequence[Shade], after: int, until: int) -> str:
    """Return the chart of one series over minutes (after, until]: counts, the band that history explains, alerts and events."""
    top = float(max(line.observed.max(initial=1.0), np.quantile(line.high, 0.99) if line.high.size else 1.0, 1.0)) * 1.1
    x, y = _scale(after, until, _LEFT, _WIDTH - _RIGHT), _scale(0, top, _HEIGHT - _BOTTOM, _TOP)
    parts = [_shade(shade, x, after, until, line.name) for shade in shades]
    parts += [
        f'<rect class="alert" {_box(x, _from(alert), _to(alert, until))}><title>{_alert_title(alert)}</title></rect>' for alert in alerts
    ]
    xs = [x(minute) for minute in line.minutes]
    band = [*zip(xs, (y(min(value, top)) for value in line.high), strict=True)]
    band += [*zip(reversed(xs), (y(value) for value in line.low[::-1]), strict=True)]
    parts.append(f'<polygon class="band" points="{_points(band)}"/>')
    parts.append(f'<polyline class="expected" points="{_points(zip(xs, (y(min(v, top)) for v in line.expected), strict=True))}"/>')
    parts.append(f'<polyline class="observed" points="{_points(zip(xs, (y(v) for v in line.observed), strict=True))}"/>')
    parts += [f'<line class="fired" x1="{x(_from(a)):.1f}" x2="{x(_from(a)):.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>' for a in alerts]
    parts += _time_axis(x, after, until) + _count_axis(y, top)
    return _svg(parts, f"{line.name}: negative documents, what was expected, alerts and events")


def tradeoff(points: Sequence[tuple[float, float, str]]) -> str:
    """Return detection (0 to 1) against false alarms per series and day, one point each; the first is the run's own."""
    most = max([false for false, _, _ in points] + [0.01]) * 1.15
    x, y = _scale(0, most, _LEFT + 10, _WIDTH - _RIGHT - 20), _scale(-0.05, 1.08, _HEIGHT * 1.5 - _BOTTOM - 12, _TOP)
    parts = []
    for mark in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(mark):.1f}" y2="{y(mark):.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y(mark) + 4:.1f}" text-anchor="end">{mark:.0%}</text>')
    for step in range(5):
        value = most * step / 4
        parts.append(f'<text x="{x(value):.1f}" y="{_HEIGHT * 1.5 - 20:.1f}" text-anchor="middle">{value:.2g}</text>')
    parts.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT * 1.5 - 4:.1f}" text-anchor="middle">false alarms per series and day</text>')
    for number, (false, detection, label) in enumerate(points):
        kind = "own" if number == 0 else "trial"
        parts.append(
            f'<circle class="{kind}" cx="{x(false):.1f}" cy="{y(detection):.1f}" r="6"><title>{escape(label)}: '
            f"{detection:.0%} found, {false:.3g} false alarms per series and day</title></circle>"
            f'<text class="tag" x="{x(false) + 9:.1f}" y="{y(detection) - 7:.1f}">{number or "run"}</text>'
        )
    return _svg(parts, "Share of events found against false alarms", int(_HEIGHT * 1.5))


def _svg(parts: Sequence[str], label: str, height: int = _HEIGHT) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'


def _scale(low: float, high: float, begin: float, end: float) -> Scale:
    return lambda value: begin + (float(value) - low) / max(high - low, 1e-12) * (end - begin)


def _points(pairs: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in pairs)


def _box(x: Scale, first: float, last: float) -> str:
    width = max(x(last) - x(first), 1.5)
    return f'x="{x(first):.1f}" y="{_TOP}" width="{width:.1f}" height="{_HEIGHT - _TOP - _BOTTOM}"'


def _shade(shade: Shade, x: Scale, after: int, until: int, _series: str) -> str:
    first, last = max(minute_of(shade.start), after), min(minute_of(shade.end), until)
    return f'<rect class="event" {_box(x, first, last)}><title>{escape(shade.name)}</title></rect>' if last >= first else ""


def _from(alert: Alert) -> int:
    return minute_of(alert.fired_at or alert.opened_at)


def _to(alert: Alert, until: int) -> int:
    return minute_of(alert.resolved_at) if alert.resolved_at else until


def _alert_title(alert: Alert) -> str:
    return escape(
        f"{alert.severity.value}, fired {alert.fired_at:%Y-%m-%d %H:%M}Z: {alert.observed} negative, {alert.expected:.1f} expected"
    )


def _time_axis(x: Scale, after: int, until: int) -> list[str]:
    span = timedelta(minutes=until - after)
    step = next((step for step in _STEPS if span / step <= _MOST_MARKS), _STEPS[-1])
    minutes = int(step.total_seconds() // 60)
    form = "%H:%M" if step < timedelta(days=1) else "%d %b" if step < timedelta(days=300) else "%Y"
    parts = []
    for minute in range(-(-after // minutes) * minutes, until + 1, minutes):
        when = instant(minute)
        label = when.strftime("%d %b" if form == "%H:%M" and when.hour == 0 else form)
        parts.append(f'<line class="grid" x1="{x(minute):.1f}" x2="{x(minute):.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
        parts.append(f'<text x="{x(minute):.1f}" y="{_HEIGHT - 7}" text-anchor="middle">{label}</text>')
    return parts


def _count_axis(y: Scale, top: float) -> list[str]:
    rough = top / 4
    unit = 10 ** math.floor(math.log10(max(rough, 1)))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor >= rough)
    parts = []
    for mark in range(0, int(top) + 1, max(int(step), 1)):
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(mark):.1f}" y2="{y(mark):.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y(mark) + 4:.1f}" text-anchor="end">{mark}</text>')
    return parts
