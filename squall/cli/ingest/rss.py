"""`squall ingest rss`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squall.cli.ingest.publishing import print_summary, publish_to_kafka, wait_for_topics
from squall.cli.options import AsJson, settings_of
from squall.core.clock import SystemClock
from squall.core.config.settings import Settings

Presets = Annotated[str, typer.Option("--preset", metavar="NAMES", help="Lists of feeds that ship, with commas between them.")]


def with_presets(settings: Settings, names: str) -> Settings:
    """Return the settings with the presets that the command line names, if it names any."""
    if not names:
        return settings
    presets = tuple(name.strip() for name in names.split(",") if name.strip())
    return settings.model_copy(update={"ingest": settings.ingest.model_copy(update={"presets": presets})})


def from_feeds(
    context: typer.Context,
    feeds: Annotated[Path | None, typer.Argument(help="TOML list of feeds; default: SQUALL_INGEST__FEEDS.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Poll every feed once and exit, for cron.")] = False,
    preset: Presets = "",
    as_json: AsJson = False,
) -> None:
    """Poll RSS, Atom, RDF and JSON feeds until stopped.

    New entries are published to Kafka, and remembered across restarts. One whose title or text has changed since is published again:
    it becomes a new version of its document. Requests are conditional, one at a time per host, and less
    frequent while a feed fails. An entry without a date that can be read and believed (1970 is not) gets the time at which it was fetched,
    is marked as undated and not counted by the detector. One that is dated ahead, by a day at most, waits until it is due.
    A guid counts by itself only if its form makes it unique
    everywhere; another one counts with the entry's link, and with its title where several entries share both.

    \b
    The list, feeds.toml:
      [[feeds]]
      url = "https://example.com/markets.xml"
      name = "example"          # source of the documents; default: the host
      kind = "news"             # or social
      interval_seconds = 120    # default: 300
      language = "en-IN"        # default: the language that the feed declares
      timezone = "Asia/Kolkata" # of dates without one, and for IST; default: UTC
      time_format = "%d/%m/%Y %H:%M"  # strptime; default: the known forms
      article = true            # read the linked page where an entry says little; default: false

    With presets = ["wires"] above the feeds, those of a preset are polled too; a feed of the file replaces one with the same URL.

    \b
    Presets, lists of feeds that ship:
      central-banks   announcements and speeches of central banks
      exchanges       trading halts of Nasdaq, announcements on NSE and BSE
      regulators      announcements and actions of regulators
      wires           press releases of companies
    `squall ingest check --preset NAME` tells which of their feeds answer.

    \b
    Examples:
      squall ingest rss feeds.toml
      squall ingest rss --preset wires,central-banks,regulators
      squall ingest rss feeds.toml --once --json
    """
    from squall.app.metrics_and_probes import serving
    from squall.app.signals import stop_on_signals
    from squall.core.net.addresses import redact_url
    from squall.ingest.cursors import CursorStore
    from squall.ingest.rss.source import open_feeds

    settings, clock = with_presets(settings_of(context, broker=True), preset), SystemClock()
    if feeds:
        settings = settings.model_copy(update={"ingest": settings.ingest.model_copy(update={"feeds": feeds})})
    with stop_on_signals() as stop, serving(settings, clock, "broker") as health:
        source = open_feeds(settings, clock, CursorStore(settings.data_dir / "cursors"), once=once, health=health)
        if wait_for_topics(settings, stop, health):
            report = publish_to_kafka(settings, source, stop, health=health)
            states = [
                {
                    "feed": redact_url(state.feed.url),
                    "fetched": state.fetched,
                    "unchanged": state.unchanged,
                    "errors": state.errors,
                    "undated": state.undated,
                    "changed": state.changed,
                    "articles": state.articles,
                    "waiting": len(state.early),
                    "last_error": state.last_error,
                }
                for state in source.states
            ]
            print_summary([report], as_json, {"feeds": states})
            if once and all(state.errors for state in source.states):
                raise typer.Exit(1)
