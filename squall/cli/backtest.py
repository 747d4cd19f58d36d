"""`squall backtest PATH`: history through the model and the detector, compared with known events."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from typer.core import TyperGroup

from squall.app.signals import stop_on_signals
from squall.cli.backtest_lab import series, simulate
from squall.cli.ingest import Delimiter, Encoding, Format, Kind, Maps, SourceName, TimeFormat, Zone, bound, file_options
from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.config.settings import Settings

if TYPE_CHECKING:
    from squall.backtest.history.result import Result
    from squall.backtest.history.scoring import ReportProgress
    from squall.stream.processor import Scorer

log = logging.getLogger("squall.backtest")

DOCUMENTS = "documents"
"""The subcommand that `squall backtest PATH` means."""


class PathOrCommand(TyperGroup):
    """A group whose first argument, when it names no command, is the PATH of the default one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command before anything that is neither a command nor a cry for help."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [DOCUMENTS, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=PathOrCommand,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Try the detector on history before you trust it.

    `squall backtest PATH` is short for `squall backtest documents PATH`; see `squall backtest documents --help`.

    \b
    Examples:
      squall backtest news.jsonl.gz --events events.csv --out report
      squall backtest history/ --events events.csv --from 2011-07-15 --to 2011-09-01 --json
      squall backtest history/ --events events.csv --out report --sweep p_value=1e-3,1e-4,1e-5 --sweep window_minutes=30,60
      squall backtest simulate
      squall backtest series counts.csv --json
    """,
)


@app.command(DOCUMENTS)
def documents(
    path: Annotated[Path, typer.Argument(help="A file, or a folder of files: JSONL, CSV or Parquet; the first two also gzipped.")],
    events: Annotated[Path | None, typer.Option(help="CSV of known events: start,end,name,topics.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for report.html, report.json and alerts.csv.")] = None,
    start: Annotated[str, typer.Option("--from", help="First moment that is evaluated; what is before serves as history.")] = "",
    end: Annotated[str, typer.Option("--to", help="First moment that is not evaluated.")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="VERSION", help="Use the scores of this model version; score nothing.")] = "",
    sweep: Annotated[
        list[str] | None, typer.Option("--sweep", metavar="NAME=V1,V2", help="Settings of the detector to try besides; repeatable.")
    ] = None,
    keep_as: Annotated[
        str, typer.Option("--keep", metavar="NAME", help="Keep the results under this name in the store, for the Backtest dashboard.")
    ] = "",
    cache: Annotated[Path | None, typer.Option(help="Where scores are kept; default: backtest in the data folder.")] = None,
    format_name: Format = None,
    kind: Kind = None,
    source: SourceName = "",
    maps: Maps = None,
    timezone: Zone = "UTC",
    time_format: TimeFormat = "",
    encoding: Encoding = "utf-8",
    delimiter: Delimiter = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")] = False,
) -> None:
    """Score documents, run the detector over them in event time, compare its alerts with known events.

    Scores are kept by model version: a second run only detects. An alert matches an event if it fired within [start, end] and the event
    names no topics, or the alert's, or the alert is about the whole market; a fired alert that matches none is false.
    A day without a time lasts to its end. Several --sweep are combined, each with each.

    \b
    events.csv:
      start,end,name,topics
      2011-08-05,2011-08-10T20:00Z,US downgrade,Markets; Macro
      2011-08-18,2011-08-19,Bank stress,
    \b
    Examples:
      squall backtest news.jsonl.gz --events events.csv --out report
      squall backtest history/ --from 2015-06-01 --to 2015-08-01 --json
      squall backtest history/ --events events.csv --keep "summer 2015"
      squall backtest history/ --events events.csv --as-of minilm-mt-6-d1c39905
      squall backtest history/ --events events.csv --out report --sweep p_value=1e-3,1e-4,1e-5 --sweep window_minutes=30,60
    """
    from squall.app.store import open_store
    from squall.backtest.history.backtest import Request, run_backtest
    from squall.backtest.history.report import write_report
    from squall.backtest.history.result_storage import store_result
    from squall.model.network import SHIPPED

    settings, clock = load_settings(), SystemClock()
    request = Request(
        path=path,
        options=file_options(format_name, kind, source, maps, timezone, time_format, encoding, delimiter),
        cache=cache or settings.data_dir / "backtest",
        weights=settings.model.path or SHIPPED,
        events=events,
        start=bound("--from", start),
        end=bound("--to", end),
        as_of=as_of,
        sweep=tuple(sweep or ()),
    )
    with stop_on_signals() as stop:
        if keep_as:
            open_store(settings, stop).close()  # before hours of work, not after
        with _progress() as tell:
            result = run_backtest(request, settings, clock, stop, lambda: _engine(settings), tell)
        if keep_as:
            with closing(open_store(settings, stop)) as store:
                store_result(result, keep_as, clock.now(), store)
    written = write_report(result, out) if out else []
    for line in result.scored.damaged:
        typer.echo(f"squall: {line}", err=True)
    typer.echo(orjson.dumps(result.as_dict(), option=orjson.OPT_INDENT_2).decode() if as_json else _summary(result))
    for file in written:
        typer.echo(f"wrote {file}", err=True)
    if result.scored.damaged:
        raise typer.Exit(1)


@contextmanager
def _engine(settings: Settings) -> Iterator[Scorer]:
    from squall.model.serving.engine import ScoringEngine

    with ScoringEngine.open(settings.model) as engine:
        yield engine


@contextmanager
def _progress() -> Iterator[ReportProgress]:
    """A bar on standard error where that is a terminal, else a line for each tenth."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    begun: set[str] = set()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=1.0)

        def tell(what: str, fraction: float) -> None:
            bar.update(task, description=what, completed=fraction)
            step = f"{what.partition(':')[0]} {int(fraction * 10)}"
            if not console.is_terminal and step not in begun:
                begun.add(step)
                typer.echo(f"squall: {what}, {fraction:.0%}", err=True)

        yield tell


def _summary(result: Result) -> str:
    """The result for people."""
    facts = result.as_dict()
    lines = [f"{facts['documents']:,} documents ({facts['scored']:,} scored now) by {facts['model_version']}, {facts['seconds']:.1f} s"]
    if facts["dead_lettered"]:
        why = ", ".join(f"{count} {reason}" for reason, count in facts["reasons"].items())
        lines.append(f"{facts['dead_lettered']:,} rows could not be scored: {why}")
    lines.append(f"evaluated {facts['evaluated_from']} to {facts['evaluated_to']}: {len(result.alerts)} alerts")
    for alert in facts["alerts"]:
        about = ", ".join(alert["events"]) or ("false" if result.compared else "")
        seen = f"{alert['observed']:5} seen, {alert['expected']:8.1f} expected"
        lines.append(f"  {alert['fired_at'][:16]}  {alert['topic']:24} {seen}  {about}".rstrip())
    if result.compared:
        lines += [f"found {event['name']} after {event['delay_minutes']:.0f} min" for event in facts["matched_events"]]
        lines += [f"missed {event['name']}" for event in facts["missed_events"]]
        lines.append(f"{facts['false_alarms']} false alarms, {facts['false_alarms_per_topic_day']:.3g} per series and day")
    for trial in facts["sweep"]:
        named = ", ".join(f"{name}={value}" for name, value in trial["settings"].items())
        compared = f", {len(trial['matched_events'])} found, {trial['false_alarms']} false" if result.compared else ""
        lines.append(f"sweep {named}: {trial['alerts']} alerts{compared}")
    return "\n".join(lines)


app.command()(simulate)
app.command()(series)
