"""Routing: which receivers get an alert, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from squall.core.config.alerts import DEFAULT_RECEIVER, AlertSettings, QuietSettings, RouteSettings
from squall.core.matchers import fits
from squall.core.records import Alert


@dataclass(frozen=True, slots=True)
class RouteVerdict:
    """What one route says of an alert.

    Args:
        number: of the route in the settings, from 1; 0: no route matched, and this is the default receiver.
        receiver: where it leads.
        quiet: its quiet hours.
        reached: whether it was tried: no route before it had matched and ended the search.
        matched: whether it takes the alert.
        because: its conditions and how the alert meets them, those alone that it fails where it fails one.
    """

    number: int
    receiver: str
    quiet: QuietSettings | None
    reached: bool
    matched: bool
    because: tuple[str, ...]


def explain_routes(settings: AlertSettings, alert: Alert) -> list[RouteVerdict]:
    """Return the verdict of every route, in order.

    Routes are tried in order. The first that matches ends the search, unless it sets `continue`. An alert that none takes goes to the
    default receiver.
    """
    verdicts, reached = [], True
    for number, route in enumerate(settings.routes, 1):
        failed = _failed(route, alert)
        matched = reached and not failed
        because = () if not reached else tuple(failed) or tuple(_met(route, alert))
        verdicts.append(RouteVerdict(number, route.receiver, route.quiet, reached, matched, because))
        reached = reached and not (matched and not route.goes_on)
    if not any(verdict.matched for verdict in verdicts):
        verdicts.append(RouteVerdict(0, DEFAULT_RECEIVER, None, True, True, ("no route matches",)))
    return verdicts


def routes(settings: AlertSettings, alert: Alert) -> dict[str, QuietSettings | None]:
    """Return the receivers of an alert, with the quiet hours of the route that leads there; of two to one receiver the first counts."""
    found: dict[str, QuietSettings | None] = {}
    for verdict in explain_routes(settings, alert):
        if verdict.matched:
            found.setdefault(verdict.receiver, verdict.quiet)
    return found


def _failed(route: RouteSettings, alert: Alert) -> list[str]:
    """Return the conditions that the alert does not meet."""
    failed = []
    if route.topics and not _fitting(route, alert):
        failed.append(f"topic {alert.topic!r} is none of: {_listed(route.topics)}")
    if route.kinds and alert.kind not in route.kinds:
        failed.append(f"kind {alert.kind} is none of: {_listed(route.kinds)}")
    if route.severities and alert.severity not in route.severities:
        failed.append(f"severity {alert.severity} is none of: {_listed(route.severities)}")
    return failed


def _met(route: RouteSettings, alert: Alert) -> list[str]:
    """Return how an alert that the route takes meets its conditions."""
    met = [f"topic {alert.topic!r} matches {_fitting(route, alert)!r}"] if route.topics else []
    met += [f"kind is {alert.kind}"] if route.kinds else []
    met += [f"severity is {alert.severity}"] if route.severities else []
    return met or ["it has no conditions"]


def _fitting(route: RouteSettings, alert: Alert) -> str:
    return next((pattern for pattern in route.topics if fits(pattern, alert.topic)), "")


def _listed(values: Iterable[str]) -> str:
    return ", ".join(map(str, values))
