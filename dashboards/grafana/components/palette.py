"""The dashboards' palette.

The colours are from the Okabe–Ito palette, which people with any kind of colour blindness can distinguish.
"""

from __future__ import annotations

from grafana_foundation_sdk.models.dashboard import Threshold

NEGATIVE, NEUTRAL, POSITIVE = "#D55E00", "#999999", "#0072B2"
OBSERVED, EXPECTED, WARNING, GOOD = "#D55E00", "#56B4E9", "#E69F00", "#009E73"
DIVERGING = (
    Threshold(None, "#E05A00"),
    Threshold(-0.6, "#CC7A3D"),
    Threshold(-0.3, "#A8876E"),
    Threshold(-0.1, "#6F6F6F"),
    Threshold(0.1, "#6E8CA3"),
    Threshold(0.3, "#3F8FC4"),
    Threshold(0.6, "#0090E6"),
)
"""Colours of net sentiment from −1 to 1: the further from 0, the more saturated, on dark and on light backgrounds."""
