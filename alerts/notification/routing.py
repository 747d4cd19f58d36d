"""Routing: which receivers get an alert."""

from __future__ import annotations

from squall.core.config.alerts import DEFAULT_RECEIVER, AlertSettings, QuietSettings, RouteSettings
from squall.core.matchers import fits
from squall.core.records import Alert


def routes(settings: AlertSettings, alert: Alert) -> dict[str, QuietSettings | None]:
    """Return the receivers of an alert, with the quiet hours of the route that leads there; the default one when no route matches.

    Routes are tried in order. The first that matches ends the search, unless it sets `continue`. Of two routes to one receiver
    the first counts.
    """
    found: dict[str, QuietSettings | None] = {}
    for route in settings.routes:
        if _matches(route, alert):
            found.setdefault(route.receiver, route.quiet)
            if not route.goes_on:
                break
    return found or {DEFAULT_RECEIVER: None}


def _matches(route: RouteSettings, alert: Alert) -> bool:
    return (
        (not route.topics or any(fits(pattern, alert.topic) for pattern in route.topics))
        and (not route.kinds or alert.kind in route.kinds)
        and (not route.severities or alert.severity in route.severities)
    )
