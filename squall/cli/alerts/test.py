"""`squall alerts test`."""

from __future__ import annotations

from typing import Annotated

import typer

from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_json
from squall.core.clock import SystemClock
from squall.core.errors import ConfigurationError, SquallError


def send_samples(
    context: typer.Context,
    receiver: Annotated[str, typer.Option(metavar="NAME", help="Only to this receiver; default: to every receiver.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send a sample alert to the receivers.

    The result of each receiver is printed. Exit 1 when one of them fails.
    """
    from squall.alerts.notification.receivers import open_receivers
    from squall.alerts.sample import sample_notification

    settings, clock = settings_of(context), SystemClock()
    receivers = open_receivers(settings, clock)
    if receiver and receiver not in receivers.names:
        raise ConfigurationError(f"there is no receiver {receiver!r}", f"receivers: {', '.join(receivers.names)}")
    results = []
    for name in [receiver] if receiver else receivers.names:
        notification, error = sample_notification(settings, clock.now(), name), ""
        try:
            receivers.send(notification)
        except SquallError as failure:
            error = str(failure)
        results.append({"receiver": name, "id": notification.id, "sent": not error, "error": error})
    if as_json:
        print_json({"results": results, "receivers": receivers.describe()})
    else:
        for row in results:
            echo(f"{row['receiver']}: {row['error'] or 'sent'}  ({row['id']})")
        echo(f"receivers: {receivers.describe()}")
    if not all(row["sent"] for row in results):
        raise typer.Exit(1)
