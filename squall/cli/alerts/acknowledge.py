"""`squall alerts ack`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from squall.cli.alerts.arguments import author_or_user
from squall.cli.options import AlertId, AsJson, Author, settings_of
from squall.cli.output import echo, print_json
from squall.core.clock import SystemClock


def acknowledge(
    context: typer.Context,
    alert_id: AlertId,
    note: Annotated[str, typer.Option(help="What is being done about it.")] = "",
    author: Author = "",
    as_json: AsJson = False,
) -> None:
    """Acknowledge an alert.

    Its notification is not repeated. The resolved notice is still sent.
    """
    from squall.operator.client import find_alert
    from squall.operator.opening import open_client

    who = author_or_user(author)
    with open_client(settings_of(context), SystemClock()) as client:
        alert = find_alert(client, alert_id)
        row = client.acknowledge(alert, who, note)
    if as_json:
        print_json(asdict(row))
    else:
        echo(f"{alert.id[:8]}  {alert.topic}  acknowledged by {who}")
