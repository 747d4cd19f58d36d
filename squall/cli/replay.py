"""`squall replay`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squall.cli.ingest.publishing import create_topics, exit_if_incomplete, print_summary, publish_to_kafka
from squall.cli.options import (
    AsJson,
    ColumnMap,
    Delimiter,
    Encoding,
    Escape,
    Format,
    KindOption,
    NotifyHistory,
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
from squall.core.errors import ConfigurationError


def replay(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="JSONL, CSV or Parquet. JSONL and CSV may be compressed with gzip.")],
    speed: Annotated[str, typer.Option(help="Event time per second: 600x is ten minutes a second; max: as fast as possible.")] = "max",
    start: Annotated[str, typer.Option("--from", help="First publication time, such as 2011-08-05 or 2011-08-05T14:00Z.")] = "",
    end: Annotated[str, typer.Option("--to", help="First publication time that is not replayed.")] = "",
    in_process: Annotated[bool, typer.Option("--in-process", help="Score, store and detect in this process, without Kafka.")] = False,
    notify: NotifyHistory = False,
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
    """Replay history at a chosen speed.

    Documents are published to Kafka with their original times. A replay always starts at the beginning, or at --from; documents that are
    already stored are not counted twice. `squall ingest file --help` lists the column names.

    With --in-process alerts are raised and stored, and nobody is notified of them unless --notify is given. Without it the detector that
    runs elsewhere decides: it sends nothing about what is more than a day old (alerts.history_after_seconds).

    \b
    Examples:
      squall replay reuters_2011-08.jsonl.gz --speed 3600x --from 2011-08-05 --to 2011-08-11
      squall replay news.csv --speed max --in-process
    """
    from squall.app.signals import stop_on_signals
    from squall.ingest.file.source import FileSource
    from squall.ingest.replay import ReplaySource, parse_speed

    if notify and not in_process:
        raise ConfigurationError(
            "--notify needs --in-process", "without it the detector elsewhere notifies: start it with `squall detect --notify`"
        )
    settings, clock = settings_of(context, broker=not in_process), SystemClock()
    options = file_options(format_name, kind, source, columns, timezone, time_format, encoding, delimiter, escape)
    file = FileSource(path, clock, options)
    paced = ReplaySource(file, clock, parse_speed(speed), parse_moment("--from", start), parse_moment("--to", end))
    with stop_on_signals() as stop:
        if in_process:
            from squall.app.in_process_replay import replay_in_process

            with progress_bar() as show:
                result = replay_in_process(
                    settings, clock, stop, paced, lambda counts: show(f"replaying: {counts}", file.fraction()), notify=notify
                )
            summary = {**result, "skipped": paced.skipped}
            if summary["alerts"] and not summary["notified"]:
                print_note("nobody was notified of these alerts: they are history (--notify sends messages)")
            if as_json:
                print_json(summary)
            else:
                for name, value in summary.items():
                    echo(f"{name}: {value}")
        else:
            create_topics(settings)
            report = publish_to_kafka(settings, paced, stop, fraction=file.fraction)
            print_summary([report], as_json, {"skipped": paced.skipped})
            if paced.skipped and not as_json:
                print_note(f"{paced.skipped:,} documents outside of --from and --to were skipped")
    exit_if_incomplete([file], stop)
