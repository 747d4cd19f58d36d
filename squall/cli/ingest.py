"""`squall ingest file|rss|push` and `squall replay`: one source onto Kafka."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import orjson
import typer

from squall.app.signals import stop_on_signals
from squall.cli.ingest_run import as_lines, create_topics, end_of_files, finish_files, print_summary, publish_to_kafka, topics_or_stop
from squall.cli.run import require_broker
from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.config.settings import Settings
from squall.core.errors import ConfigurationError

if TYPE_CHECKING:
    from squall.ingest.file.source import FileOptions

app = typer.Typer(help="Put one source onto Kafka.", no_args_is_help=True, rich_markup_mode=None)

Json = Annotated[bool, typer.Option("--json", help="Print a summary as one line of JSON on standard output.")]
Format = Annotated[Literal["jsonl", "csv", "parquet"] | None, typer.Option("--format", help="What it holds; default: by extension.")]
Kind = Annotated[Literal["news", "social"] | None, typer.Option(help="Of rows that do not say; default: told from the columns.")]
SourceName = Annotated[str, typer.Option("--source", help="Source of the documents; default: the rows' own, else the file's name.")]
Maps = Annotated[list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="A column that is not found by itself; repeatable.")]
Zone = Annotated[str, typer.Option("--timezone", help="Of times that carry none: a name such as America/New_York, or `reject`.")]
TimeFormat = Annotated[str, typer.Option("--time-format", help="strptime format of the times, such as '%d/%m/%Y %H:%M'.")]
Encoding = Annotated[str, typer.Option(help="Of text files.")]
Delimiter = Annotated[str, typer.Option(help="Of CSV; default: comma, tab for .tsv.")]


@app.command("file")
def from_file(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="JSONL, CSV or Parquet; the first two also gzipped.")],
    format_name: Format = None,
    kind: Kind = None,
    source: SourceName = "",
    maps: Maps = None,
    timezone: Zone = "UTC",
    time_format: TimeFormat = "",
    encoding: Encoding = "utf-8",
    delimiter: Delimiter = "",
    resume: Annotated[bool, typer.Option(help="Go on after the last row that Kafka has, if the file is the same.")] = True,
    as_json: Json = False,
) -> None:
    """Put files onto Kafka as fast as it takes them, with their original times.

    Columns are found by their names: time published_at, ts_utc, created_at, date, timestamp or time; text title, headline, text,
    body, content or tweet; also url, href, link, id, id_str, guid, source, author, user, language, lang, symbols, cashtags.
    A bad row goes to the dead-letter topic with its number and the reason; the rows around it are not touched.

    \b
    Examples:
      squall ingest file news.jsonl.gz
      squall ingest file tweets.csv --kind social --map text=message --map published_at=when --timezone America/New_York
      squall ingest file a.parquet b.parquet --source wire --json
    """
    from squall.app.metrics_server import serving
    from squall.ingest.cursors import CursorStore
    from squall.ingest.file.source import FileSource

    settings, clock = _settings(), SystemClock()
    options = file_options(format_name, kind, source, maps, timezone, time_format, encoding, delimiter)
    cursors = CursorStore(settings.data_dir / "cursors")
    sources = [FileSource(path, clock, options, cursors, resume=resume) for path in paths]
    reports = []
    with stop_on_signals() as stop, serving(settings, clock, "broker") as health:
        create_topics(settings)
        health.dependencies.answered("broker")
        for file in sources:
            if not stop.is_set():
                reports.append(publish_to_kafka(settings, file, stop, fraction=file.fraction, health=health))
    if resume and not any(report.sent + report.rejected for report in reports) and not stop.is_set():
        typer.echo("squall: nothing new; these files were sent before. Send them again with --no-resume", err=True)
    finish_files(reports, sources, stop, as_json)


@app.command("rss")
def from_feeds(
    feeds: Annotated[Path | None, typer.Argument(help="TOML list of feeds; default: SQUALL_INGEST__FEEDS.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Poll every feed once and end, for cron.")] = False,
    as_json: Json = False,
) -> None:
    """Poll RSS, Atom and RDF feeds until stopped, and put what is new onto Kafka.

    Feeds are asked politely: only for what changed, one request at a time per host, less and less often while one fails. What was
    delivered is remembered through restarts. An entry without a date gets the time it was fetched.

    \b
    The list, feeds.toml:
      [[feeds]]
      url = "https://example.com/markets.xml"
      name = "example"          # the documents' source; default: the host
      kind = "news"             # or social
      interval_seconds = 120    # default 300
      language = "en"           # default: what the feed says
    \b
    Examples:
      squall ingest rss feeds.toml
      squall ingest rss feeds.toml --once --json
    """
    from squall.app.metrics_server import serving
    from squall.ingest.cursors import CursorStore
    from squall.ingest.rss.source import open_feeds

    settings, clock = _settings(), SystemClock()
    ingest = settings.ingest.model_copy(update={"feeds": feeds}) if feeds else settings.ingest
    with stop_on_signals() as stop, serving(settings, clock, "broker") as health:
        source = open_feeds(ingest, clock, CursorStore(settings.data_dir / "cursors"), once=once, health=health)
        if topics_or_stop(settings, stop, health):
            report = publish_to_kafka(settings, source, stop, health=health)
            states = [
                {"feed": s.feed.url, "fetched": s.fetched, "unchanged": s.unchanged, "errors": s.errors, "last_error": s.last_error}
                for s in source.states
            ]
            print_summary([report], as_json, {"feeds": states})
            if once and all(state.errors for state in source.states):
                raise typer.Exit(1)


@app.command("push")
def from_push(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: SQUALL_PUSH__HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="0 takes a free one; default: SQUALL_PUSH__PORT.")] = None,
    as_json: Json = False,
) -> None:
    """Listen for documents over HTTP until stopped; each request is answered when Kafka has its documents.

    POST /documents takes one JSON object, an array of them, or lines of them (application/x-ndjson). Needed: source, published_at
    with a time zone, and title or text. Answers: 202 kept; 400 nothing kept, with index and field of each error; 401 token;
    413 too large; 429 too many waiting; 503 not kept, send again (ids keep a document from counting twice).
    The bearer token is SQUALL_PUSH__TOKEN, required when listening beyond this machine.

    \b
    Examples:
      squall ingest push --port 8088
      curl -H 'Content-Type: application/json' http://127.0.0.1:8088/documents \\
           -d '{"source": "desk", "title": "Bank fails", "published_at": "2026-03-02T14:05:00Z"}'
    """
    from squall.app.metrics_server import serving
    from squall.ingest.push.source import PushSource

    settings, clock = _settings(), SystemClock()
    given = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    with stop_on_signals() as stop, serving(settings, clock, "broker") as health:
        source = PushSource(settings.push.model_copy(update=given), clock, health)
        source.start()
        typer.echo(f"squall: listening on {source.url}", err=True)
        if topics_or_stop(settings, stop, health, source.report_outage):
            report = publish_to_kafka(settings, source, stop, on_outage=source.report_outage, health=health)
            print_summary([report], as_json, {"refused": source.endpoint.refused})
        source.close()


def replay(
    path: Annotated[Path, typer.Argument(help="JSONL, CSV or Parquet; the first two also gzipped.")],
    speed: Annotated[str, typer.Option(help="Event time per second: 600x is ten minutes a second; max does not wait.")] = "max",
    start: Annotated[str, typer.Option("--from", help="First publication time, such as 2011-08-05 or 2011-08-05T14:00Z.")] = "",
    end: Annotated[str, typer.Option("--to", help="First publication time that is not replayed.")] = "",
    in_process: Annotated[bool, typer.Option("--in-process", help="Score and store here, without Kafka.")] = False,
    format_name: Format = None,
    kind: Kind = None,
    source: SourceName = "",
    maps: Maps = None,
    timezone: Zone = "UTC",
    time_format: TimeFormat = "",
    encoding: Encoding = "utf-8",
    delimiter: Delimiter = "",
    as_json: Json = False,
) -> None:
    """Replay history onto Kafka at a chosen speed, with its original times.

    Always from the beginning (or --from): a document that is stored already is not counted twice.
    For the columns see `squall ingest file --help`.

    \b
    Examples:
      squall replay reuters_2011-08.jsonl.gz --speed 3600x --from 2011-08-05 --to 2011-08-11
      squall replay news.csv --speed max --in-process
    """
    from squall.ingest.file.source import FileSource
    from squall.ingest.replay import ReplaySource, parse_speed

    settings, clock = load_settings() if in_process else _settings(), SystemClock()
    options = file_options(format_name, kind, source, maps, timezone, time_format, encoding, delimiter)
    file = FileSource(path, clock, options)
    paced = ReplaySource(file, clock, parse_speed(speed), bound("--from", start), bound("--to", end))
    with stop_on_signals() as stop:
        if in_process:
            from squall.app.replay import replay_in_process

            summary = {**replay_in_process(settings, clock, stop, paced, file.fraction), "skipped": paced.skipped}
            typer.echo(orjson.dumps(summary).decode() if as_json else as_lines(summary))
            end_of_files([file], stop)
            return
        create_topics(settings)
        report = publish_to_kafka(settings, paced, stop, fraction=file.fraction)
    finish_files([report], [file], stop, as_json, {"skipped": paced.skipped})


def _settings() -> Settings:
    settings = load_settings()
    require_broker(settings)
    return settings


def file_options(
    format_name: Format, kind: Kind, source: str, maps: Maps, timezone: str, time_format: str, encoding: str, delimiter: str
) -> FileOptions:
    """Return what the options that `ingest file` and `replay` share come to."""
    from squall.ingest.file.source import FileOptions

    return FileOptions(
        format=format_name or "",
        columns=_columns(maps),
        kind=kind,
        source=source,
        timezone=timezone,
        time_format=time_format,
        encoding=encoding,
        delimiter=delimiter,
    )


def _columns(maps: list[str] | None) -> dict[str, str]:
    columns = {}
    for entry in maps or ():
        field, equals, column = entry.partition("=")
        if not equals or not column:
            raise ConfigurationError(f"--map {entry!r} is not FIELD=COLUMN", "for example --map text=message")
        columns[field.strip()] = column
    return columns


def bound(option: str, value: str) -> datetime | None:
    """Return the moment that `option` gives, None when it is empty."""
    from squall.ingest.publication_time import TimeFormatError, parse_time

    if not value:
        return None
    try:
        return parse_time(value, UTC)
    except TimeFormatError as error:
        raise ConfigurationError(f"{option}: {error}", "give a day or a time") from error
