"""`squall detect`."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from squall.cli.options import AsJson, NotifyHistory, notifying_about_history, settings_of
from squall.cli.output import echo, print_json, print_note
from squall.core.clock import SystemClock

if TYPE_CHECKING:
    from squall.alerts.run_report import RunReport


def detect(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Evaluate up to now, send the queued notifications, and exit.")] = False,
    notify: NotifyHistory = False,
    as_json: AsJson = False,
) -> None:
    """Run the detector on its schedule until Ctrl-C.

    One detector works per store; a second one stands by. Alerts of more than a day ago (alerts.history_after_seconds) are stored, and
    nothing is sent about them.
    """
    from squall.alerts.heartbeat import open_heartbeat
    from squall.alerts.notification.receivers import open_receivers
    from squall.alerts.scheduler import DetectorScheduler
    from squall.alerts.service import AlertService
    from squall.app.metrics_and_probes import serving
    from squall.app.signals import stop_on_signals
    from squall.app.store import open_migrated_store
    from squall.core.observability.health import Health

    settings, clock = settings_of(context), SystemClock()
    if notify:
        settings = notifying_about_history(settings)
    with stop_on_signals() as stop, nullcontext(Health(clock)) if once else serving(settings, clock, "store") as health:
        store = open_migrated_store(settings, stop, health)
        try:
            service = AlertService(store, settings, clock, open_receivers(settings, clock), health)
            if once:
                report = service.run_once(stop)
                service.release()
                _print_report(report, as_json)
                if report.in_history:
                    print_note(f"{report.in_history} alerts fired in history: nothing is sent about them (--notify sends it)")
                if report.error:
                    raise typer.Exit(1)
                return
            scheduler = DetectorScheduler(service, settings.detector.interval_seconds, clock, health, open_heartbeat(settings))
            scheduler.start()
            try:
                while not stop.wait(0.5):  # short waits, so that signals are handled
                    pass
            finally:
                scheduler.stop()
        finally:
            store.close()


def _print_report(report: RunReport, as_json: bool) -> None:
    fields = asdict(report)
    if as_json:
        print_json(fields)
        return
    for name, value in fields.items():
        echo(f"{name.replace('_', ' '):16} {value if value not in (None, '') else '-'}")
