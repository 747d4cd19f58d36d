"""`squall alerts` and `squall detect`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from core.errors import SquallError
from core.records import Alert, AlertState
from core.settings import Settings, load_settings, redact_url

if TYPE_CHECKING:
    from storage import Store

app = typer.Typer(help="Alerts: list them, look at one, try the e-mail.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_alerts(
    state: Annotated[list[AlertState] | None, typer.Option(help="Only these; may be given more than once.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Json = False,
) -> None:
    """List alerts, last opened first."""
    with _store(load_settings()) as store:
        alerts = store.alerts(state or None, limit)
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
    """Show one alert and the documents that drove it."""
    with _store(load_settings()) as store:
        alert = _find(store, alert_id)
        documents = store.top_documents(alert.topic, alert.window_start, alert.window_end)
    if as_json:
        rows = [{"id": d.id, "title": d.title, "url": d.url, "source": d.source, "copies": d.copies} for d in documents]
        typer.echo(orjson.dumps({**alert.model_dump(mode="json"), "documents": rows}))
        return
    for name, value in _facts(alert):
        typer.echo(f"{name:10} {value}")
    for document in documents:
        typer.echo(
            f"  - {document.title or document.text[:200]} ({document.source}, {document.p_negative:.0%} negative, {document.copies} copies)"
        )
        if document.url:
            typer.echo(f"    {document.url}")


@app.command("test-email")
def send_test_email(as_json: Json = False) -> None:
    """Send a sample alert through the configured mailer and say where it went."""
    from alerts.outbox import open_mailer
    from alerts.sample import sample_notification
    from core.clock import SystemClock

    settings = load_settings()
    notification = sample_notification(settings, SystemClock().now())
    mailer = open_mailer(settings)
    mailer.send(notification)
    if as_json:
        typer.echo(orjson.dumps({"sent": True, "id": notification.id, "via": mailer.describe(), "to": settings.alerts.to}))
    else:
        typer.echo(f"sent {notification.id} to {', '.join(settings.alerts.to)} via {mailer.describe()}")


def detect(
    once: Annotated[bool, typer.Option("--once", help="Evaluate up to now, send what is queued, and end.")] = False,
    as_json: Json = False,
) -> None:
    """Run the scheduled detector until Ctrl-C. One at a time per store."""
    from alerts.outbox import open_mailer
    from alerts.scheduler import DetectorScheduler
    from alerts.service import AlertService
    from core.clock import SystemClock
    from squall.opening import open_store
    from squall.signals import stop_on_signals

    settings, clock = load_settings(), SystemClock()
    with stop_on_signals() as stop:
        store = open_store(settings, stop)
        try:
            service = AlertService(store, settings, clock, open_mailer(settings))
            if once:
                report = service.run_once()
                _print_report(report, as_json)
                if report.error:
                    raise typer.Exit(1)
                return
            scheduler = DetectorScheduler(service, settings.detector.interval_seconds, clock)
            scheduler.start()
            try:
                while not stop.wait(0.5):  # short waits, so that signals are handled
                    pass
            finally:
                scheduler.stop()
        finally:
            store.close()


def _print_report(report: object, as_json: bool) -> None:
    from dataclasses import asdict

    fields = asdict(report)  # type: ignore[call-overload]
    if as_json:
        typer.echo(orjson.dumps(fields))
        return
    for name, value in fields.items():
        typer.echo(f"{name.replace('_', ' '):16} {value if value not in (None, '') else '-'}")


@contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    import storage

    url = settings.store_url
    if url.startswith("chdb:") and not settings.data_dir.exists():
        raise SquallError(f"there is no data at {redact_url(url)}", "give --data-dir, or set SQUALL_STORE__URL")
    store = storage.open(url, timeout_seconds=settings.store.timeout_seconds, retention_days=settings.store.retention_days)
    try:
        if any(migration.applied_at is None for migration in store.migrations()):
            raise SquallError(f"the schema of {redact_url(url)} is missing or behind this version", "run `squall store migrate`")
        yield store
    finally:
        store.close()


def _find(store: Store, prefix: str) -> Alert:
    exact = store.alert(prefix) if len(prefix) == 32 else None
    found = [exact] if exact else [alert for alert in store.alerts(limit=10_000) if prefix and alert.id.startswith(prefix.lower())]
    if not found:
        raise SquallError(f"no alert begins with {prefix!r}", "`squall alerts list` shows them")
    if len(found) > 1:
        raise SquallError(f"{len(found)} alerts begin with {prefix!r}", "give more of the id")
    return found[0]


def _facts(alert: Alert) -> list[tuple[str, str]]:
    from alerts.mail import chance, number

    return [
        ("alert", alert.id),
        ("topic", alert.topic),
        ("state", f"{alert.state.value} ({alert.severity.value})"),
        ("opened", f"{alert.opened_at:%Y-%m-%d %H:%M} UTC"),
        ("fired", f"{alert.fired_at:%Y-%m-%d %H:%M} UTC" if alert.fired_at else "-"),
        ("resolved", f"{alert.resolved_at:%Y-%m-%d %H:%M} UTC" if alert.resolved_at else "-"),
        ("window", f"{alert.window_start:%Y-%m-%d %H:%M} to {alert.window_end:%H:%M} UTC"),
        ("counts", f"{alert.observed} negative, {number(alert.expected)} expected"),
        ("unusual", f"{chance(alert.p_value)} (p = {number(alert.p_value)})"),
        ("share", f"{alert.negative_share:.0%} negative, usually {alert.expected_share:.0%}"),
        ("method", alert.method),
    ]
