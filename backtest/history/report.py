"""The report of a backtest: `report.html`, `report.json` and `alerts.csv`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from squall.alerts.minutes import instant
from squall.backtest.history.charts import Shade, timeline, tradeoff
from squall.backtest.history.event_matching import matches
from squall.backtest.history.result import Result
from squall.core.errors import ConfigurationError
from squall.core.records import Alert

_BUCKETS: Final = 800
_CHARTS: Final = 40
_pages = Environment(
    loader=PackageLoader("squall.backtest.history"),
    autoescape=select_autoescape(),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_report(result: Result, folder: Path) -> list[Path]:
    """Write the report into `folder`, which is made; returns the files.

    Raises:
        ConfigurationError: it can't be written there.
    """
    contents = {
        "report.html": render(result).encode(),
        "report.json": orjson.dumps(result.as_dict(), option=orjson.OPT_INDENT_2),
        "alerts.csv": result.alerts_csv().encode(),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"the report can't be written into {folder}: {error}", "give another folder with --out") from error
    return [folder / name for name in contents]


def render(result: Result) -> str:
    """Return the report as one self-contained HTML page."""
    facts = result.as_dict()
    return _pages.get_template("report.html.j2").render(
        facts=facts,
        compared=result.compared,
        path=result.path,
        first=instant(result.span.after),
        last=instant(result.span.until),
        settings=result.settings.model_dump(),
        charts=_charts(result),
        alerts=[(alert, result.events_of(alert), result.documents_of.get(alert.id, [])) for alert in result.alerts],
        false_ids={alert.id for alert in result.card.false},
        found=result.card.found,
        outside=result.card.outside,
        trials=result.trials,
        tradeoff=_tradeoff(result),
    )


def _charts(result: Result) -> list[tuple[str, int, int, Markup]]:
    """Return (series, documents, alerts, SVG): those with alerts first, then the busiest."""
    alerts: dict[str, list[Alert]] = {}
    for alert in result.alerts:
        alerts.setdefault(alert.topic, []).append(alert)
    lines = sorted(result.charts.series(_BUCKETS), key=lambda line: -len(alerts.get(line.name, ())))
    shades = [(found.event, Shade(found.event.start, found.event.end, found.event.name)) for found in result.card.found]
    charts = []
    for line in lines[:_CHARTS]:
        own = alerts.get(line.name, [])
        about = [shade for event, shade in shades if not event.topics or line.name in event.topics or any(matches(a, event) for a in own)]
        svg = timeline(line, own, about, result.span.after, result.span.until)
        charts.append((line.name, line.documents, len(own), Markup(svg)))  # noqa: S704 - every text in it is escaped
    return charts


def _tradeoff(result: Result) -> Markup | None:
    """Return the chart of a sweep; None without events to find."""
    if not result.trials or result.card.detection is None:
        return None
    points = [(result.card.false_per_topic_day, result.card.detection, "this run")]
    points += [(trial.card.false_per_topic_day, trial.card.detection or 0.0, trial.variant.label) for trial in result.trials]
    return Markup(tradeoff(points))  # noqa: S704 - every text in it is escaped
