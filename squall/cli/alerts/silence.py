"""`squall alerts silence`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from squall.cli.alerts.arguments import author_or_user, parse_duration, parse_future
from squall.cli.options import AsJson, Author, DryRun, settings_of
from squall.cli.output import echo, print_json
from squall.core.clock import SystemClock
from squall.core.display import visible
from squall.core.errors import ConfigurationError
from squall.core.matchers import LABELS

if TYPE_CHECKING:
    from squall.operator.client import WantedSilence
    from squall.storage.queries.alerting.silence_preview import MatcherPreview, SilencePreview
    from squall.storage.rows.alerting import Silence

_EXAMPLE = "squall alerts silence --match topic='Energy*' --for 2h --reason 'OPEC meeting'"
_SHOWN = 5


def silence(
    context: typer.Context,
    match: Annotated[
        list[str] | None,
        typer.Option(
            help=f"label=pattern with the wildcards * and ?; also !=, =~ and !~ ; labels: {', '.join(LABELS)}. Repeatable; all must match."
        ),
    ] = None,
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="When it begins, or in how long; default: now.")] = "",
    duration: Annotated[str, typer.Option("--for", help="How long from its start, or with --extend from its end: 30m, 2h, 1d12h.")] = "",
    until: Annotated[str, typer.Option(metavar="TIME", help="When it ends, instead of --for: 2026-03-02T14:00Z.")] = "",
    reason: Annotated[str, typer.Option(help="Why; stored with the silence.")] = "",
    author: Author = "",
    dry_run: DryRun = False,
    listing: Annotated[bool, typer.Option("--list", help="List the silences that have not ended.")] = False,
    extend: Annotated[
        str, typer.Option(metavar="ID", help="Give this silence a later or earlier end; a unique beginning of its id is enough.")
    ] = "",
    end: Annotated[str, typer.Option(metavar="ID", help="End this silence now; a unique beginning of its id is enough.")] = "",
    as_json: AsJson = False,
) -> None:
    """Silence alerts for a while.

    They are still detected and listed, but no notifications are sent. The alerts that it matches are shown, and what is spelled
    alike when it matches none.

    The operators are Alertmanager's: = and != compare the whole label (here with the wildcards * and ?), =~ and !~ match
    it as a whole with a regular expression (RE2). Case does not matter.

    \b
    Examples:
      squall alerts silence --match topic='Energy*' --for 2h --reason 'OPEC meeting'
      squall alerts silence --match 'topic=~Energy.*|Macro' --match severity!=critical --from 2026-03-02T13:00Z --for 2h --reason 'CPI'
      squall alerts silence --match 'topic!~Gold.*' --dry-run
      squall alerts silence --extend 3fa0 --for 1h
    """
    from squall.core.matchers import parse_all
    from squall.operator.client import find_silence
    from squall.operator.opening import open_client

    if sum((bool(match), listing, bool(extend), bool(end))) != 1:
        raise ConfigurationError("give exactly one of --match, --list, --extend and --end", f"for example: {_EXAMPLE}")
    if not match and (dry_run or start):
        raise ConfigurationError(f"{'--dry-run' if dry_run else '--from'} needs --match", f"for example: {_EXAMPLE}")
    clock, preview = SystemClock(), None
    matchers = tuple(str(matcher) for matcher in parse_all(match or ()))
    ends_at = parse_future("--until", until, clock.now())
    if extend and bool(duration) == bool(until):
        raise ConfigurationError("--extend needs either --for or --until", f"for example: squall alerts silence --extend {extend} --for 1h")
    wanted = _wanted(matchers, start, duration, ends_at, reason, author, clock.now()) if match and not dry_run else None
    with open_client(settings_of(context), clock) as client:
        if match:
            preview = client.preview_silence(matchers)
        if wanted:
            silences = [client.create_silence(wanted)]
        elif extend:
            found = find_silence(client, extend)
            silences = [client.extend_silence(found, ends_at or found.ends_at + parse_duration(duration))]
        elif end:
            silences = [client.end_silence(find_silence(client, end))]
        else:
            silences = [] if dry_run else client.silences()
    if as_json:
        rows = [asdict(row) for row in silences]
        print_json(rows if listing else (rows[0] if rows else {}) | ({"preview": asdict(preview)} if preview else {}))
        return
    for row in silences:
        echo(_line(row, clock.now()))
    if listing and not silences:
        echo("no silences")
    for line in _preview_lines(preview) if preview else ():
        echo(line)


def _wanted(
    matchers: tuple[str, ...], start: str, duration: str, ends_at: datetime | None, reason: str, author: str, now: datetime
) -> WantedSilence:
    """Return the silence that the options ask for; wrong ones are refused before any store is opened."""
    from squall.operator.client import WantedSilence

    if bool(duration) == bool(ends_at):
        raise ConfigurationError("a silence needs a duration or an end", f"set one with --for or --until; for example: {_EXAMPLE}")
    if not reason.strip():
        raise ConfigurationError("a silence needs a reason", f"set it with --reason; for example: {_EXAMPLE}")
    starts_at = parse_future("--from", start, now)
    if starts_at and starts_at < now:
        starts_at = None  # it begins at once
    length = parse_duration(duration) if duration else None
    return WantedSilence(matchers, author_or_user(author), reason, starts_at, length, ends_at)


def _line(row: Silence, now: datetime) -> str:
    starts = f"from {row.starts_at:%Y-%m-%d %H:%M} " if row.starts_at > now else ""
    about = visible(f"{', '.join(row.matchers)}  ({row.author}: {row.reason})")
    return f"{row.id[:8]}  {starts}until {row.ends_at:%Y-%m-%d %H:%M} UTC  {about}"


def _preview_lines(preview: SilencePreview) -> list[str]:
    """Return what it matches, for people."""
    tried = f"the last {_count(preview.tried, 'alert')}" if preview.tried else "no alerts: there are none yet"
    if preview.matches_nothing:
        lines = [f"matches none of {tried}" if preview.tried else f"matches {tried}"]
        return lines + [line for row in preview.matchers for line in _matcher_lines(row)]
    lines = [f"matches {_count(len(preview.open), 'open alert')} and {len(preview.past)} resolved, of {tried}"]
    for alert in (*preview.open, *preview.past)[:_SHOWN]:
        lines.append(f"  {alert.id[:8]}  {alert.opened_at:%Y-%m-%d %H:%M}  {alert.state:8}  {alert.severity:8}  {visible(alert.topic)}")
    more = len(preview.open) + len(preview.past) - _SHOWN
    return [*lines, f"  and {more} more"] if more > 0 else lines


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _matcher_lines(row: MatcherPreview) -> list[str]:
    if row.values:
        return [
            f"  {visible(row.matcher)}  by itself matches {_count(row.matched, 'alert')}; it would match {visible('; '.join(row.values))}"
        ]
    near = f"; nearest: {visible('; '.join(row.nearest))}" if row.nearest else ""
    return [f"  {visible(row.matcher)}  matches nothing that is known{near}"]
