"""`squall alerts silence`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer

from squall.cli.alerts.arguments import author_or_user, parse_duration
from squall.cli.options import AsJson, Author, settings_of
from squall.cli.output import echo, print_json
from squall.core.clock import SystemClock
from squall.core.display import visible
from squall.core.errors import ConfigurationError

_EXAMPLE = "squall alerts silence --match topic='Energy*' --for 2h --reason 'OPEC meeting'"


def silence(
    context: typer.Context,
    match: Annotated[
        list[str] | None,
        typer.Option(help="label=pattern, with the wildcards * and ?; labels: topic, kind, severity, test. Repeatable; all must match."),
    ] = None,
    duration: Annotated[str, typer.Option("--for", help="How long, from now: 30m, 2h, 1d12h.")] = "",
    reason: Annotated[str, typer.Option(help="Why; stored with the silence.")] = "",
    author: Author = "",
    listing: Annotated[bool, typer.Option("--list", help="List the silences that have not ended.")] = False,
    end: Annotated[str, typer.Option(metavar="ID", help="End this silence now; a unique beginning of its id is enough.")] = "",
    as_json: AsJson = False,
) -> None:
    """Silence alerts for a while.

    They are still detected and listed, but no notifications are sent.

    Example: squall alerts silence --match topic='Energy*' --for 2h --reason 'OPEC meeting'
    """
    from squall.operator.client import find_silence
    from squall.operator.opening import open_client

    if sum((bool(match), listing, bool(end))) != 1:
        raise ConfigurationError("give exactly one of --match, --list and --end", f"for example: {_EXAMPLE}")
    created = _checked(match, duration, reason, author) if match else None
    with open_client(settings_of(context), SystemClock()) as client:
        if created:
            silences = [client.create_silence(*created)]
        elif end:
            silences = [client.end_silence(find_silence(client, end))]
        else:
            silences = client.silences()
    if as_json:
        print_json([asdict(row) for row in silences] if listing else asdict(silences[0]))
        return
    for row in silences:
        about = visible(f"{', '.join(row.matchers)}  ({row.author}: {row.reason})")
        echo(f"{row.id[:8]}  until {row.ends_at:%Y-%m-%d %H:%M} UTC  {about}")
    if not silences:
        echo("no silences")


def _checked(match: list[str], duration: str, reason: str, author: str) -> tuple[tuple[str, ...], str, str, timedelta]:
    """Return matchers, author, reason and duration; wrong ones are refused before any store is opened."""
    from squall.core.matchers import parse_all

    if not duration:
        raise ConfigurationError("a silence needs a duration", f"set it with --for; for example: {_EXAMPLE}")
    if not reason.strip():
        raise ConfigurationError("a silence needs a reason", f"set it with --reason; for example: {_EXAMPLE}")
    return tuple(str(matcher) for matcher in parse_all(match)), author_or_user(author), reason, parse_duration(duration)
