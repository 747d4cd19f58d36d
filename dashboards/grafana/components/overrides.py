"""Field overrides: how a panel shows one of its columns or series."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue, Threshold

from squall.dashboards.grafana.components.palette import EXPECTED, NEGATIVE, OBSERVED

Override = dashboard.DashboardFieldConfigSourceOverrides


def field(name: str, **properties: object) -> Override:
    """Set properties of one column or series by its name, for example `field("share", unit="percentunit", custom__width=90)`."""
    values = [DynamicConfigValue(id_val=key.replace("__", "."), value=value) for key, value in properties.items()]
    return Override(matcher=dashboard.MatcherConfig(id_val="byName", options=name), properties=values)


def field_by_label(name: str, **properties: object) -> Override:
    """Set properties of the series whose label is `name`; Grafana may prefix it with the column name."""
    values = field(name, **properties).properties
    return Override(matcher=dashboard.MatcherConfig(id_val="byRegexp", options=f"/(^|\\s){name}$/"), properties=values)


def fixed_color(color: str) -> dict[str, str]:
    """Return the value of a `color` property."""
    return {"mode": "fixed", "fixedColor": color}


def data_link(title: str, url: str, *, new_tab: bool = False) -> dict[str, object]:
    """Return a link of a column, for a `links` property."""
    return {"title": title, "url": url, "targetBlank": new_tab}


def threshold_colors(steps: Sequence[Threshold]) -> dict[str, object]:
    """Return the properties `color` and `thresholds`, which colour a value by the threshold that it reaches."""
    return {"color": {"mode": "thresholds"}, "thresholds": {"mode": "absolute", "steps": [step.to_json() for step in steps]}}


def interval_band() -> list[Override]:
    """Draw `observed` and `expected` as lines, and the 90% interval from `low` to `high` as a band."""
    low, high = "90% interval, lower bound", "90% interval, upper bound"
    hidden = {"legend": True, "tooltip": False, "viz": False}
    return [
        field("observed", color=fixed_color(OBSERVED), custom__lineWidth=2),
        field("expected", color=fixed_color(EXPECTED), custom__lineStyle={"fill": "dash", "dash": [6, 4]}),
        field("low", displayName=low, color=fixed_color(EXPECTED), custom__lineWidth=0, custom__hideFrom=hidden),
        field(
            "high",
            displayName=high,
            color=fixed_color(EXPECTED),
            custom__lineWidth=0,
            custom__fillBelowTo=low,
            custom__fillOpacity=18,
            custom__hideFrom=hidden,
        ),
    ]


RED_FROM_ONE = threshold_colors([Threshold(None, "text"), Threshold(1, NEGATIVE)])
"""Properties of a count that should be 0."""
