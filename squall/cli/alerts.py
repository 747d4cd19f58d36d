"""`squall alerts` and `squall detect`."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from squall.cli import alerts_desk as cli_alerts_desk
from squall.cli.alerts_parts import Json
from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.errors import ConfigurationError, SquallError
from squall.core.records import Alert, AlertState

if TYPE_CHECKING:
    from squall.operator.client import Case

app = typer.Typer(help="Alerts: list them, look at one, silence or acknowledge them, try the receivers.", no_args_is_help=True)
app.command("silence")(cli_alerts_desk.silence)
app.command("ack")(cli_alerts_desk.ack)


@app.command("list")
def list_alerts(
    state: Annotated[list[AlertState] | None, typer.Option(help="Only these; may be given more than once.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Json = False,
) -> None:
    """List alerts, last opened first."""
    from squall.operator.opening import open_client

    with open_client(load_settings(), SystemClock()) as client:
        alerts = client.alerts(state or (), limit)
    if as_json:
        typer.echo(orjson.dumps([alert.model_dump(mode="json") for alert in alerts]))
        return
    for alert in alerts:
        typer.echo(
            f"{alert.id[:8]}  {alert.opened_at:%Y-%m-%d %H:%M}  {alert.state.value:8}  {alert.severity.value:8}  {alert.topic:26}  "
            f"{alert.observed} negative, {alert.expected:.1f} expected"
        )
    if not alerts:
        typer.echo("no alerts")


@app.command()
def show(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="The alert's id, or the beginning of it.")],
    as_json: Json = False,
) -> None:
    """Show one alert: why it was raised, the documents behind it, who took it up, and who was told of it and why."""
    from squall.operator.client import find_alert
    from squall.operator.opening import open_client

    with open_client(load_settings(), SystemClock()) as client:
        alert = find_alert(client, alert_id)
        case = client.case(alert)
    if as_json:
        rows = [{"id": d.id, "title": d.title, "url": d.url, "source": d.source, "copies": d.copies} for d in case.documents]
        said = [{"author": row.author, "note": row.note, "at": row.at} for row in case.acknowledgements]
        more = {"documents": rows, "acknowledgements": said, "notifications": [row.model_dump() for row in case.notifications]}
        typer.echo(orjson.dumps({**alert.model_dump(mode="json"), **more}))
        return
    for name, value in _facts(alert):
        typer.echo(f"{name:10} {value}")
    _print_case(case)


@app.command("test")
def send_samples(
    receiver: Annotated[str, typer.Option(metavar="NAME", help="Only this receiver; default: every one.")] = "",
    as_json: Json = False,
) -> None:
    """Send a sample alert to the configured receivers and say where it went. Exit 1 when one could not be reached."""
    from squall.alerts.notification.receivers import open_receivers
    from squall.alerts.sample import sample_notification

    settings, clock = load_settings(), SystemClock()
    receivers = open_receivers(settings, clock)
    if receiver and receiver not in receivers.names:
        raise ConfigurationError(f"there is no receiver {receiver!r}", f"receivers: {', '.join(receivers.names)}")
    results = []
    for name in [receiver] if receiver else receivers.names:
        notification, error = sample_notification(settings, clock.now(), name), ""
        try:
            receivers.send(notification)
        except SquallError as refused:
            error = str(refused)
        results.append({"receiver": name, "id": notification.id, "sent": not error, "error": error})
    if as_json:
        typer.echo(orjson.dumps({"results": results, "ways": receivers.describe()}))
    else:
        for row in results:
            typer.echo(f"{row['receiver']}: {row['error'] or 'sent'}  ({row['id']})")
        typer.echo(f"ways: {receivers.describe()}")
    if not all(row["sent"] for row in results):
        raise typer.Exit(1)


def detect(
    once: Annotated[bool, typer.Option("--once", help="Evaluate up to now, send what is queued, and end.")] = False,
    as_json: Json = False,
) -> None:
    """Run the scheduled detector until Ctrl-C. One at a time per store."""
    from squall.alerts.notification.receivers import open_receivers
    from squall.alerts.scheduler import DetectorScheduler
    from squall.alerts.service import AlertService
    from squall.app.metrics_server import serving
    from squall.app.signals import stop_on_signals
    from squall.app.store import open_store
    from squall.core.observability.health import Health

    settings, clock = load_settings(), SystemClock()
    with stop_on_signals() as stop, nullcontext(Health(clock)) if once else serving(settings, clock, "store") as health:
        store = open_store(settings, stop, health)
        try:
            service = AlertService(store, settings, clock, open_receivers(settings, clock), health)
            if once:
                report = service.run_once()
                service.release()
                _print_report(report, as_json)
                if report.error:
                    raise typer.Exit(1)
                return
            scheduler = DetectorScheduler(service, settings.detector.interval_seconds, clock, health)
            scheduler.start()
            try:
                while not stop.wait(0.5):  # short waits, so that signals are handled
                    pass
            finally:
                scheduler.stop()
        finally:
            store.close()


def _print_report(report: object, as_json: bool) -> None:
    fields = asdict(report)  # type: ignore[call-overload]
    if as_json:
        typer.echo(orjson.dumps(fields))
        return
    for name, value in fields.items():
        typer.echo(f"{name.replace('_', ' '):16} {value if value not in (None, '') else '-'}")


def _print_case(case: Case) -> None:
    for document in case.documents:
        title = document.title or document.text[:200]
        typer.echo(f"  - {title} ({document.source}, {document.p_negative:.0%} negative, {document.copies} copies)")
        if document.url:
            typer.echo(f"    {document.url}")
    for said in case.acknowledgements:
        typer.echo(f"acknowledged by {said.author}, {said.at:%Y-%m-%d %H:%M} UTC{said.note and ': '}{said.note}")
    for row in case.notifications:
        typer.echo(
            f"told {row.receiver}: {row.event}, {row.status} {row.updated_at:%Y-%m-%d %H:%M} UTC{row.last_error and ': '}{row.last_error}"
        )


def _facts(alert: Alert) -> list[tuple[str, str]]:
    from squall.core.formatting import chance, interval, moment, number, window

    usual = f", usually {interval(alert)}" if interval(alert) else ""
    return [
        ("alert", alert.id),
        ("series", f"{alert.topic} ({alert.kind.value})"),
        ("state", f"{alert.state.value} ({alert.severity.value})"),
        ("opened", moment(alert.opened_at)),
        ("fired", moment(alert.fired_at) if alert.fired_at else "-"),
        ("resolved", moment(alert.resolved_at) if alert.resolved_at else "-"),
        ("window", window(alert)),
        ("counts", f"{alert.observed} negative, {number(alert.expected)} expected{usual}"),
        ("unusual", f"{chance(alert.p_value)} (p = {number(alert.p_value)})"),
        ("share", f"{alert.negative_share:.0%} negative, usually {alert.expected_share:.0%}"),
        ("test", alert.test),
        ("method", alert.method),
    ]
