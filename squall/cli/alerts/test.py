"""`squall alerts test`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from squall.cli.options import AsJson, DryRun, settings_of
from squall.cli.output import echo, print_json, print_note
from squall.core.clock import Clock, SystemClock
from squall.core.config.settings import Settings
from squall.core.display import visible
from squall.core.errors import ConfigurationError, SquallError, StoreMissingError
from squall.core.net.redaction import redact_secrets_in
from squall.core.records import Alert, SeriesKind, Severity

if TYPE_CHECKING:
    from squall.alerts.notification.receivers import Receivers
    from squall.alerts.notification.routing import RouteVerdict

_TOPIC = "Financials"


def send_samples(
    context: typer.Context,
    topic: Annotated[str, typer.Option(metavar="SERIES", help="Name of the series that the sample is about.")] = _TOPIC,
    kind: Annotated[
        SeriesKind | None, typer.Option("--series-kind", help="Its kind; default: what its name says, as $AAPL is a symbol.")
    ] = None,
    severity: Annotated[Severity, typer.Option(help="Severity of the sample.")] = Severity.WARNING,
    receiver: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Send to this receiver, whatever the routes say; repeatable.")
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Send to every receiver, whatever the routes say.")] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Send a sample alert the way that a real one would go.

    The routes decide who gets an alert with these labels; each route is shown with why it matched or did not. A sample is sent in quiet
    hours and during a silence too, but both are told. The result of each receiver is printed. Exit 1 when one of them fails.

    \b
    Examples:
      squall alerts test --dry-run
      squall alerts test --topic 'Energy | Oil' --severity critical
      squall alerts test --all
    """
    from squall.alerts.notification.receivers import open_receivers
    from squall.alerts.notification.routing import explain_routes
    from squall.alerts.sample import sample_alert

    settings, clock = settings_of(context), SystemClock()
    if not topic.strip():
        raise ConfigurationError("--topic is empty", f"name a series, for example {_TOPIC!r}")
    receivers = open_receivers(settings, clock)
    unknown = [name for name in receiver or () if name not in receivers.names]
    if unknown:
        raise ConfigurationError(f"there is no receiver {unknown[0]!r}", f"receivers: {', '.join(receivers.names)}")
    now = clock.now()
    alert = sample_alert(now, topic.strip(), kind, severity)
    verdicts = explain_routes(settings.alerts, alert)
    routed = list(dict.fromkeys(verdict.receiver for verdict in verdicts if verdict.matched))
    chosen = list(receivers.names) if everyone else list(dict.fromkeys(receiver)) if receiver else routed
    silences = _silences(settings, clock, alert)
    results = [] if dry_run else [_send(receivers, settings, now, name, alert) for name in chosen]
    if as_json:
        labels = {"topic": alert.topic, "kind": alert.kind, "severity": alert.severity, "test": alert.test}
        routes = [_as_dict(verdict, alert, now) for verdict in verdicts]
        print_json(
            {"labels": labels, "routes": routes, "receivers_of_routes": routed, "silences": silences}
            | {"results": results, "receivers": receivers.describe()}
        )
    else:
        for line in _lines(alert, verdicts, silences, now):
            echo(line)
        for row in results:
            echo(f"{row['receiver']}: {row['error'] or 'sent'}  ({row['id']})")
        left = [name for name in receivers.names if name not in chosen]
        if dry_run:
            echo(f"would go to: {', '.join(chosen)}")
        if left:
            echo(f"not to: {', '.join(left)} (--all sends to every receiver)")
        echo(f"receivers: {receivers.describe()}")
    if not all(row["sent"] for row in results):
        raise typer.Exit(1)


def _send(receivers: Receivers, settings: Settings, now: datetime, name: str, alert: Alert) -> dict[str, Any]:
    from squall.alerts.sample import sample_notification

    key, error = "", ""
    try:
        notification = sample_notification(settings, now, name, alert)
        key = notification.id
        receivers.send(notification)
    except SquallError as failure:
        error = redact_secrets_in(str(failure))
    except Exception as failure:  # noqa: BLE001 - of any kind: the other receivers get theirs
        error = redact_secrets_in(f"{type(failure).__name__}: {failure}")
    return {"receiver": name, "id": key, "sent": not error, "error": error}


def _silences(settings: Settings, clock: Clock, alert: Alert) -> list[str]:
    """Return the active silences that match the alert, as text; where the store can't be read a note says so."""
    from squall.core.matchers import all_match
    from squall.operator.opening import open_client
    from squall.storage.queries.alerting.silences import matchers_of

    now = clock.now()
    try:
        with open_client(settings, clock) as client:
            found = client.silences()
    except StoreMissingError:
        return []  # nothing was ever silenced
    except SquallError as error:
        print_note(f"silences were not looked at: {error}")
        return []
    return [
        f"{row.id[:8]} {', '.join(row.matchers)} until {row.ends_at:%Y-%m-%d %H:%M} UTC"
        for row in found
        if row.starts_at <= now and all_match(matchers_of(row), alert)
    ]


def _lines(alert: Alert, verdicts: list[RouteVerdict], silences: list[str], now: datetime) -> list[str]:
    lines = [visible(f"an alert with topic={alert.topic}, kind={alert.kind}, severity={alert.severity}:")]
    for verdict in verdicts:
        name = f"route {verdict.number} to {verdict.receiver}" if verdict.number else f"the receiver {verdict.receiver}"
        why = "; ".join(verdict.because) if verdict.reached else "not tried: a route before it took the alert"
        quiet = ", in its quiet hours now: a real alert would wait" if _waits(verdict, alert, now) else ""
        lines.append(visible(f"  {'+' if verdict.matched else '-'} {name}: {why}{quiet}"))
    return lines + [visible(f"  silenced by {row}: a real alert would not be sent") for row in silences]


def _as_dict(verdict: RouteVerdict, alert: Alert, now: datetime) -> dict[str, Any]:
    row = {name: getattr(verdict, name) for name in ("number", "receiver", "reached", "matched", "because")}
    return row | {"waits": _waits(verdict, alert, now)}


def _waits(verdict: RouteVerdict, alert: Alert, now: datetime) -> bool:
    """Return whether quiet hours would hold a real alert back now."""
    from squall.alerts.notification.quiet_hours import holds_back

    return verdict.matched and holds_back(verdict.quiet, alert, now)
