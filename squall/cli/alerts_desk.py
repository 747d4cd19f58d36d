"""`squall alerts silence` and `squall alerts ack`: what people say about alerts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import orjson
import typer

from squall.cli.alerts_parts import Author, Json, author_or_user, duration
from squall.core.clock import SystemClock
from squall.core.config.loading import load_settings
from squall.core.errors import ConfigurationError

_EXAMPLE = "squall alerts silence --match topic='Energy*' --for 2h --reason 'OPEC meeting'"


def silence(
    match: Annotated[
        list[str] | None, typer.Option(help="label=pattern with * and ?; labels: topic, kind, severity, test. All given must match.")
    ] = None,
    length: Annotated[str, typer.Option("--for", help="How long from now: 30m, 2h, 1d12h.")] = "",
    reason: Annotated[str, typer.Option(help="Why; kept with the silence.")] = "",
    author: Author = "",
    listing: Annotated[bool, typer.Option("--list", help="Show the silences that are not over.")] = False,
    end: Annotated[str, typer.Option(metavar="ID", help="End this silence now; the beginning of its id is enough.")] = "",
    as_json: Json = False,
) -> None:
    """Silence alerts for a while: they are found and listed, and nobody is told.

    Example: squall alerts silence --match topic='Energy*' --for 2h --reason 'OPEC meeting'
    """
    from squall.operator.client import find_silence
    from squall.operator.opening import open_client

    if sum((bool(match), listing, bool(end))) != 1:
        raise ConfigurationError("give one of --match, --list and --end", f"for example: {_EXAMPLE}")
    wanted = _checked(match, length, reason, author) if match else None
    with open_client(load_settings(), SystemClock()) as client:
        if wanted:
            silences = [client.silence(*wanted)]
        elif end:
            silences = [client.end(find_silence(client, end))]
        else:
            silences = client.silences()
    if as_json:
        typer.echo(orjson.dumps([asdict(row) for row in silences] if listing else asdict(silences[0])))
        return
    for row in silences:
        typer.echo(f"{row.id[:8]}  until {row.ends_at:%Y-%m-%d %H:%M} UTC  {', '.join(row.matchers)}  ({row.author}: {row.reason})")
    if not silences:
        typer.echo("no silences")


def ack(
    alert_id: Annotated[str, typer.Argument(metavar="ID", help="The alert's id, or the beginning of it.")],
    note: Annotated[str, typer.Option(help="What is being done.")] = "",
    author: Author = "",
    as_json: Json = False,
) -> None:
    """Acknowledge an alert: no more repeats of it; its end is still told."""
    from squall.operator.client import find_alert
    from squall.operator.opening import open_client

    who = author_or_user(author)
    with open_client(load_settings(), SystemClock()) as client:
        alert = find_alert(client, alert_id)
        row = client.acknowledge(alert, who, note)
    typer.echo(orjson.dumps(asdict(row)) if as_json else f"{alert.id[:8]}  {alert.topic}  acknowledged by {who}")


def _checked(match: list[str], length: str, reason: str, author: str) -> tuple[tuple[str, ...], str, str, timedelta]:
    """Return matchers, author, reason and length, wrong ones refused before any store is opened."""
    from squall.core.matchers import parse_all

    if not length:
        raise ConfigurationError("a silence needs an end", f"say how long with --for; for example: {_EXAMPLE}")
    if not reason.strip():
        raise ConfigurationError("a silence needs a reason", f"others will ask; for example: {_EXAMPLE}")
    return tuple(str(matcher) for matcher in parse_all(match)), author_or_user(author), reason, duration(length)
