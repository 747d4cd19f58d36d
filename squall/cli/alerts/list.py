"""`squall alerts list`."""

from __future__ import annotations

from typing import Annotated

import typer

from squall.cli.alerts.arguments import parse_past
from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_json
from squall.core.clock import SystemClock
from squall.core.display import visible
from squall.core.records import Alert, AlertState, SeriesKind


def list_alerts(
    context: typer.Context,
    state: Annotated[list[AlertState] | None, typer.Option(help="Only alerts in this state; repeatable.")] = None,
    topic: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Only alerts of series called so, with * and ?; repeatable.")
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN",
            help="Only alerts about this name: words of a company's or other name with * and ?, its ticker, or its id. The series is called"
            " so, or a document that drove the alert names it. Repeatable.",
        ),
    ] = None,
    since: Annotated[str, typer.Option(metavar="TIME", help="Only alerts opened since: 2011-08-05, 2011-08-05T14:00Z, or 7d ago.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List alerts, newest first.

    All conditions that are given must hold; of a repeated one any. Times are event time: when the documents were published.

    \b
    Examples:
      squall alerts list --state firing
      squall alerts list --topic 'Energy*' --since 7d --json
      squall alerts list --name 'harbor union' --since 2026-03-01
    """
    from squall.operator.opening import open_client
    from squall.storage.queries.alerting.alerts import AlertFilter

    clock = SystemClock()
    wanted = AlertFilter(tuple(state or ()), tuple(topic or ()), tuple(name or ()), parse_past("--since", since, clock.now()))
    with open_client(settings_of(context), clock) as client:
        alerts = client.alerts(wanted, limit)
    if as_json:
        print_json([alert.model_dump(mode="json") for alert in alerts])
        return
    for alert in alerts:
        echo(alert_line(alert))
    if not alerts:
        echo("no alerts")


def alert_line(alert: Alert) -> str:
    """Return one alert as a line."""
    from squall.core.formatting import size

    counted = f"{alert.observed} negative, {alert.expected:.1f} expected" if alert.kind is not SeriesKind.ENTITY else size(alert)
    return (
        f"{alert.id[:8]}  {alert.opened_at:%Y-%m-%d %H:%M}  {alert.state.value:8}  {alert.severity.value:8}  {visible(alert.topic):26}  "
        f"{counted}"
    )
