"""`squall backtest documents`, also `squall backtest PATH`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from squall.cli.options import (
    AsJson,
    ColumnMap,
    Delimiter,
    Encoding,
    Escape,
    Format,
    KindOption,
    SourceName,
    TimeFormat,
    TimeZone,
    file_options,
    parse_moment,
    settings_of,
)
from squall.cli.output import echo, print_json, print_note
from squall.cli.progress import progress_bar
from squall.core.clock import SystemClock
from squall.core.config.settings import Settings

if TYPE_CHECKING:
    from squall.backtest.history.result import Result
    from squall.stream.document_scoring import Scorer


def documents(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(help="A file, or a folder of files: JSONL, CSV or Parquet. JSONL and CSV may be compressed with gzip.")
    ],
    events: Annotated[Path | None, typer.Option(help="CSV of known events: start,end,name and, if you like, topics.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write report.html, report.json and alerts.csv to this folder.")] = None,
    start: Annotated[str, typer.Option("--from", help="First moment that is evaluated; earlier documents serve as history.")] = "",
    end: Annotated[str, typer.Option("--to", help="First moment that is not evaluated.")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="VERSION", help="Use the scores of this model version; score nothing.")] = "",
    sweep: Annotated[
        list[str] | None,
        typer.Option("--sweep", metavar="NAME=V1,V2", help="Detector setting and the values to try in addition; repeatable."),
    ] = None,
    keep_as: Annotated[
        str, typer.Option("--keep", metavar="NAME", help="Write the results to the store under this name, for the Backtest dashboard.")
    ] = "",
    cache: Annotated[Path | None, typer.Option(help="Folder of the scores; default: backtest in the data folder.")] = None,
    format_name: Format = None,
    kind: KindOption = None,
    source: SourceName = "",
    columns: ColumnMap = None,
    timezone: TimeZone = "UTC",
    time_format: TimeFormat = "",
    encoding: Encoding = "",
    delimiter: Delimiter = "",
    escape: Escape = "",
    as_json: AsJson = False,
) -> None:
    """Backtest the detector on documents.

    The documents are scored, the detector runs over them in event time, and its alerts are compared with known events. Scores are stored
    by model version, so that a second run only detects. An alert matches an event when it fires within [start, end] and the event names
    no topics, or the alert's topic, or the alert is about the whole market. A fired alert that matches no event is a false alarm. An end
    that is a day without a time includes that day. With several --sweep every combination is tried.

    \b
    events.csv:
      start,end,name,topics
      2011-08-05,2011-08-10T20:00Z,US downgrade,Markets; Macro
      2011-08-18,2011-08-19,Bank stress,

    The column topics may be missing; the columns entity, aliases and ticker say whom an event is about. Of each alert --json gives subject,
    names, fired_at and the documents that drove it.

    \b
    Examples:
      squall backtest news.jsonl.gz --events events.csv --out report
      squall backtest history/ --from 2015-06-01 --to 2015-08-01 --json
      squall backtest history/ --events events.csv --keep "summer 2015"
      squall backtest history/ --events events.csv --as-of minilm-mt-6-d1c39905
      squall backtest history/ --events events.csv --out report --sweep p_value=1e-3,1e-4,1e-5 --sweep window_minutes=30,60
    """
    from squall.app.signals import stop_on_signals
    from squall.app.store import open_migrated_store
    from squall.backtest.history.backtest import Request, run_backtest
    from squall.backtest.history.report import write_report
    from squall.backtest.history.result_storage import store_result
    from squall.model.checkpoint import SHIPPED

    settings, clock = settings_of(context), SystemClock()
    request = Request(
        path=path,
        options=file_options(format_name, kind, source, columns, timezone, time_format, encoding, delimiter, escape),
        cache=cache or settings.data_dir / "backtest",
        weights=settings.model.path or SHIPPED,
        events=events,
        start=parse_moment("--from", start),
        end=parse_moment("--to", end),
        as_of=as_of,
        sweep=tuple(sweep or ()),
    )
    with stop_on_signals() as stop:
        if keep_as:
            open_migrated_store(settings, stop).close()  # a store that cannot be opened fails now, not after hours of work
        with progress_bar() as report:
            result = run_backtest(request, settings, clock, stop, lambda: _engine(settings), report)
        if keep_as:
            with closing(open_migrated_store(settings, stop)) as store:
                store_result(result, keep_as, clock.now(), store)
    written = write_report(result, out) if out else []
    for line in result.scored.damaged:
        print_note(line)
    if as_json:
        print_json(result.as_dict(), indent=True)
    else:
        echo(_summary(result))
    for file in written:
        echo(f"wrote {file}", err=True)
    if result.scored.damaged:
        raise typer.Exit(1)


@contextmanager
def _engine(settings: Settings) -> Iterator[Scorer]:
    from squall.model.serving.engine import ScoringEngine

    with ScoringEngine.open(settings.model) as engine:
        yield engine


def _summary(result: Result) -> str:
    """Return the result as text."""
    facts = result.as_dict()
    lines = [
        f"{facts['documents']:,} documents ({facts['scored']:,} scored in this run) by {facts['model_version']}, {facts['seconds']:.1f} s"
    ]
    if facts["dead_lettered"]:
        why = ", ".join(f"{count} {reason}" for reason, count in facts["reasons"].items())
        lines.append(f"{facts['dead_lettered']:,} rows could not be scored: {why}")
    lines.append(f"evaluated {facts['evaluated_from']} to {facts['evaluated_to']}: {len(result.alerts)} alerts")
    for alert in facts["alerts"]:
        about = ", ".join(alert["events"]) or ("false alarm" if result.compared else "")
        counts = f"{alert['observed']:5} negative, {alert['expected']:8.1f} expected"
        lines.append(f"  {alert['fired_at'][:16]}  {alert['topic']:24} {counts}  {about}".rstrip())
    if result.compared:
        lines += [f"found {event['name']} after {event['delay_minutes']:.0f} min" for event in facts["matched_events"]]
        lines += [f"missed {event['name']}" for event in facts["missed_events"]]
        lines.append(f"{facts['false_alarms']} false alarms, {facts['false_alarms_per_topic_day']:.3g} per series and day")
    for trial in facts["sweep"]:
        named = ", ".join(f"{name}={value}" for name, value in trial["settings"].items())
        compared = f", {len(trial['matched_events'])} events found, {trial['false_alarms']} false alarms" if result.compared else ""
        lines.append(f"sweep {named}: {trial['alerts']} alerts{compared}")
    return "\n".join(lines)
