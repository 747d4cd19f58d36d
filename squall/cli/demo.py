"""`squall demo`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from squall.cli.options import AsJson, global_options, settings_of
from squall.cli.output import echo, print_json
from squall.cli.progress import progress_bar
from squall.core.clock import SystemClock
from squall.core.config.settings import Settings

if TYPE_CHECKING:
    from rich.table import Table

    from squall.app.demo.report import DemoReport

_WIDTH = 120


def demo(
    context: typer.Context,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running after the report, until Ctrl-C.")] = False,
    speed: Annotated[str, typer.Option(help="Event time per second; at 4320x the three days take a minute.")] = "4320x",
    seed: Annotated[int, typer.Option(help="Seed of the stream.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Run the whole pipeline over a bundled stream.

    The stream covers three days with a scripted crisis; the demo takes about a minute and a half. It runs a development broker, an ingest
    worker, the Faust worker with the shipped model, an embedded ClickHouse, the detector and its e-mails. Set
    SQUALL_KAFKA__BOOTSTRAP_SERVERS or SQUALL_STORE__URL to use your own servers instead.
    Exit 1 when a document is lost or the crisis is not detected.
    """
    from squall.app.demo.run import run_demo

    options = global_options(context).arguments()
    with ExitStack() as bar:
        output = _Output(bar, as_json)
        report = run_demo(settings_of(context), SystemClock(), output, speed=speed, seed=seed, keep=keep, global_arguments=options)
    raise typer.Exit(report.exit_code)


class _Output:
    """Prints progress to standard error until the report, which goes to standard output.

    Args:
        bar: closes the progress bar.
        as_json: whether the report is JSON.
    """

    def __init__(self, bar: ExitStack, as_json: bool) -> None:
        self._bar, self._as_json = bar, as_json
        self._show = bar.enter_context(progress_bar())

    def progress(self, done: int, total: int, duplicates: int, dead_letters: int) -> None:
        self._show(f"replaying three days: {done:,} messages, {duplicates} duplicates, {dead_letters} dead letters", done / total)

    def report(self, report: DemoReport) -> None:
        self._bar.close()
        if self._as_json:
            print_json(asdict(report), indent=True)
        else:
            _print_report(report)

    def running(self, page_url: str, settings: Settings) -> None:
        kafka = settings.kafka
        for line in (
            "",
            "Everything runs until Ctrl-C:",
            f"  live page   {page_url}",
            f"  alerts      curl {page_url.rstrip('/')}/api/alerts",
            f"  e-mails     ls {settings.outbox}",
            f"  Kafka       SQUALL_KAFKA__BOOTSTRAP_SERVERS={kafka.bootstrap_servers} "
            f"SQUALL_KAFKA__DOCUMENTS_TOPIC={kafka.documents_topic} squall replay FILE",
        ):
            echo(line)


def _print_report(report: DemoReport) -> None:
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else _WIDTH)
    console.print(_topic_table(report))
    console.print(_alert_table(report))
    sums = "the counts match" if report.adds_up else f"the counts DO NOT MATCH: expected {report.expected}"
    found = "detected" if report.alerts["found"] else "NOT DETECTED"
    latency = report.latency_seconds
    lines = [
        f"Sent {report.sent:,} = stored {report.stored:,} + duplicates {report.duplicate:,} + dead letters {report.dead_lettered:,}: "
        f"{sums}.",
        f"Crisis {found}; {report.alerts['false']} false alarms. {report.alerts['names']} alerts about names; whom it is about was "
        f"{'named' if report.alerts['named'] else 'NOT named'}.",
        f"{report.texts_per_second:,.0f} texts/s over {report.seconds:.0f} s (limited by the replay speed); "
        f"latency from collection to storage: p50 {latency['p50']:.2f} s, p99 {latency['p99']:.2f} s.",
        f"{report.emails} e-mails: {report.outbox}",
        f"Data: {report.data}",
        "",
        "Next: `squall demo --keep` leaves everything running, with the live page; `squall up` monitors your own feeds; "
        "`squall doctor` checks your servers.",
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def _topic_table(report: DemoReport) -> Table:
    from rich.table import Table

    table = Table(title="Documents by topic and sentiment", title_justify="left")
    table.add_column("topic")
    for name in ("negative", "neutral", "positive"):
        table.add_column(name, justify="right")
    for row in report.topics:
        table.add_row(row["topic"], *(f"{row[name]:,}" for name in ("negative", "neutral", "positive")))
    return table


def _alert_table(report: DemoReport) -> Table:
    from rich.table import Table

    table = Table(title="Alerts (event time, UTC)", title_justify="left")
    for name in ("opened", "resolved", "topic", "severity"):
        table.add_column(name)
    for name in ("negative", "expected", "p-value"):
        table.add_column(name, justify="right")
    for row in report.alert_list:
        table.add_row(
            row["opened_at"][:16],
            (row["resolved_at"] or row["state"])[:16],
            row["topic"],
            row["severity"],
            str(row["observed"]),
            f"{row['expected']:.1f}",
            f"{row['p_value']:.1e}",
        )
    return table
