"""`squall ingest file`."""

from __future__ import annotations

import sys
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
    SourceName,
    TimeFormat,
    TimeZone,
    file_options,
    settings_of,
)
from squall.cli.output import print_note
from squall.core.clock import SystemClock
from squall.core.errors import ConfigurationError

_STDIN = Path("-")


def from_files(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="JSONL, CSV or Parquet. JSONL and CSV may be compressed with gzip. -: standard input."),
    ],
    format_name: Format = None,
    kind: KindOption = None,
    source: SourceName = "",
    columns: ColumnMap = None,
    timezone: TimeZone = "UTC",
    time_format: TimeFormat = "",
    encoding: Encoding = "",
    delimiter: Delimiter = "",
    escape: Escape = "",
    resume: Annotated[bool, typer.Option(help="Continue after the last row that Kafka acknowledged, if the file is unchanged.")] = True,
    as_json: AsJson = False,
) -> None:
    """Publish files to Kafka, with their original times.

    Columns are found by name: time published_at, ts_utc, created_at, date, timestamp or time; text title, headline, text, body, content
    or tweet; also url, href, link, id, id_str, guid, source, author, user, language, lang, symbols, cashtags.
    Of several texts the one that says most is taken. Encoding, delimiter and line ends are found, and said in the log.
    A time spread over columns (date, hour, minute; year, month, day; timezone) is joined. A date is read as a whole or refused, with the
    part that is not understood.
    A bad row goes to the dead-letter topic with its row number and the reason; the other rows are published. So does a row whose id a
    spreadsheet has rounded (1.29403E+18): export ids as text. N/A, null and the like are no ids,
    nor is an id that rows share although they differ. A file of which nothing is a document is an error.
    Standard input (-) is JSONL or CSV, read as it comes; it has no position, so it is not resumed.

    \b
    Examples:
      squall ingest file news.jsonl.gz
      squall ingest file tweets.csv --kind social --map text=message --map published_at=when --timezone America/New_York
      squall ingest file export.csv --encoding cp1252 --delimiter ';' --escape '\\'
      zcat posts.jsonl.gz | jq -c 'select(.lang == "en")' | squall ingest file -
      squall ingest file a.parquet b.parquet --source wire --json
    """
    from squall.app.metrics_and_probes import serving
    from squall.app.signals import stop_on_signals
    from squall.ingest.cursors import CursorStore
    from squall.ingest.file.source import FileSource
    from squall.ingest.local.standard_input import StandardInputSource

    settings, clock = settings_of(context, broker=True), SystemClock()
    options = file_options(format_name, kind, source, columns, timezone, time_format, encoding, delimiter, escape)
    cursors = CursorStore(settings.data_dir / "cursors")
    if paths.count(_STDIN) > 1:
        raise ConfigurationError("standard input, -, is named twice", "name it once")
    files: list[FileSource | StandardInputSource] = [
        StandardInputSource(sys.stdin.buffer, clock, options)
        if path == _STDIN
        else FileSource(path, clock, options, cursors, resume=resume)
        for path in paths
    ]
    reports = []
    with stop_on_signals() as stop, serving(settings, clock, "broker") as health:
        create_topics(settings)
        health.dependencies.answered("broker")
        for file in files:
            if not stop.is_set():
                reports.append(publish_to_kafka(settings, file, stop, fraction=getattr(file, "fraction", None), health=health))
    if (
        resume
        and _STDIN not in paths
        and not any(report.sent + report.rejected for report in reports)
        and not any(file.damage for file in files)
        and not stop.is_set()
    ):
        print_note("nothing new: these files were published before. Publish them again with --no-resume")
    print_summary(reports, as_json)
    exit_if_incomplete(files, stop)
