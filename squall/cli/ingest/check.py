"""`squall ingest check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squall.cli.ingest.rss import Presets, with_presets
from squall.cli.ingest.sources import with_list
from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_json
from squall.core.clock import SystemClock


def check_sources(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="TOML list of sources, or of feeds; default: SQUALL_INGEST__SOURCES.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="Longest wait for each answer.")] = 20.0,
    preset: Presets = "",
    as_json: AsJson = False,
) -> None:
    """Ask every source of a list, and say what each answers.

    Each is opened as `squall ingest sources` opens it, but nothing is published or stored and no position moves. The table has name,
    type, the answer, and the age of the newest document that was seen. Exits with 1 if one of them does not answer.
    A list of feeds, as of `squall ingest rss`, is asked in the same way. With --preset the feeds of these presets are asked, and a list
    only if FILE is given too.

    \b
    Examples:
      squall ingest check sources.toml
      squall ingest check sources.toml --seconds 60 --json
      squall ingest check feeds.toml
      squall ingest check --preset central-banks,regulators
    """
    from squall.app.signals import stop_on_signals
    from squall.app.source_list.check import ask_sources
    from squall.app.source_list.feeds import ask_feeds
    from squall.core.formatting import duration
    from squall.ingest.rss.feed_list import joined, lists_feeds, load_feeds
    from squall.ingest.rss.presets import preset_feeds

    settings, clock = with_presets(with_list(settings_of(context), file), preset), SystemClock()
    of_feeds = file is not None and lists_feeds(file)
    feeds = joined(load_feeds(file) if file and of_feeds else (), preset_feeds(settings.ingest.presets) if preset else ())
    with stop_on_signals() as stop:
        results = ask_feeds(feeds, settings, clock, stop, seconds) if feeds else []
        if not of_feeds and (file or not preset):
            results += ask_sources(settings, clock, stop, seconds)
    if as_json:
        print_json({"sources": [result.as_dict() for result in results]})
    else:
        now = clock.now()
        rows = [("name", "type", "answer", "last document")]
        for result in results:
            age = f"{duration(result.last_document_at, now)} ago" if result.last_document_at else "-"
            rows.append((result.name, result.type, "ok" if result.ok else "error", age))
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        details = ["", *(result.detail for result in results)]
        for row, detail in zip(rows, details, strict=True):
            line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            echo(f"{line}  {detail}".rstrip())
    if not all(result.ok for result in results):
        raise typer.Exit(1)
