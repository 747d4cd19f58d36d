"""`squall alerts list`."""

from __future__ import annotations

from typing import Annotated

import typer

from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_json
from squall.core.clock import SystemClock
from squall.core.records import AlertState


def list_alerts(
    context: typer.Context,
    state: Annotated[list[AlertState] | None, typer.Option(help="Only alerts in this state; repeatable.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List alerts, newest first."""
    from squall.operator.opening import open_client

    with open_client(settings_of(context), SystemClock()) as client:
        alerts = client.alerts(state or (), limit)
    if as_json:
        print_json([alert.model_dump(mode="json") for alert in alerts])
        return
    for alert in alerts:
        echo(
            f"{alert.id[:8]}  {alert.opened_at:%Y-%m-%d %H:%M}  {alert.state.value:8}  {alert.severity.value:8}  {alert.topic:26}  "
            f"{alert.observed} negative, {alert.expected:.1f} expected"
        )
    if not alerts:
        echo("no alerts")
