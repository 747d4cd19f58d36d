"""`squall stories`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from squall.cli.ingest.publishing import exit_if_incomplete
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
from squall.cli.output import echo, print_json, print_note
from squall.core.clock import SystemClock
from squall.core.display import visible

if TYPE_CHECKING:
    from squall.app.stories import ToldStory


def stories(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="JSONL, CSV or Parquet. JSONL and CSV may be compressed with gzip.")],
    limit: Annotated[int, typer.Option(min=0, help="Stories to show, the largest first; 0: all.")] = 20,
    least: Annotated[int, typer.Option(min=1, help="Only stories of so many documents.")] = 2,
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
    """Group the headlines of a file into stories.

    A story is what tells of one thing: copies and re-tellings.

    Each has its size, the times of its first and last document, the names most of them are about, and its first headline. With --json also
    its documents, each with its novelty from 100 to 0, the time and distance to the last similar one, and how many of the story came in the
    12 and 24 hours and 3, 5 and 7 days before it, by name too. Only headlines are compared, by their words, numbers, names and time; which
    way things move parts stories. The whole file is read before anything is shown. Columns are found, or named, as by `squall ingest file`.

    \b
    Examples:
      squall stories news.jsonl.gz
      squall stories news.jsonl.gz --limit 0 --least 1 --json
    """
    from squall.app.linking import open_linker
    from squall.app.signals import stop_on_signals
    from squall.app.stories import stories_of_file
    from squall.ingest.file.source import FileSource

    settings = settings_of(context)
    options = file_options(format_name, kind, source, columns, timezone, time_format, encoding, delimiter, escape)
    file = FileSource(path, SystemClock(), options)
    with stop_on_signals() as stop:
        found = stories_of_file(file, open_linker(settings.entities), stop)
    wanted = [story for story in found.stories if len(story.documents) >= least]
    shown = wanted[:limit] if limit else wanted
    totals = {"documents": found.documents, "rejected": found.rejected, "stories": len(found.stories)}
    if as_json:
        print_json(totals | {"shown": [story.as_dict() for story in shown]})
    else:
        echo(f"{found.documents:,} documents in {len(found.stories):,} stories, {len(wanted):,} of them with {least} documents or more")
        _print(shown)
        if found.rejected:
            print_note(f"{found.rejected:,} rows are no documents; `squall ingest file` says why")
    exit_if_incomplete([file], stop)


def _print(shown: list[ToldStory]) -> None:
    for story in shown:
        first, last = story.documents[0].published_at, story.documents[-1].published_at
        until = f"{last:%H:%M}" if last.date() == first.date() else f"{last:%m-%d %H:%M}"
        names = ", ".join(name.partition(":")[2] for name, _ in story.names.most_common(2))
        echo(
            f"{len(story.documents):5}  {first:%Y-%m-%d %H:%M} to {until:11}  {visible(story.documents[0].title, 90)}"
            + (f"  [{names}]" if names else "")
        )
