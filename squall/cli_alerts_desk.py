"""`squall alerts silence` and `squall alerts ack`: what people say about alerts."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from core.errors import ConfigurationError, SquallError
from core.settings import load_settings
from squall.cli_alerts_parts import Author, Json, author_or_user, duration, find_alert, open_existing

if TYPE_CHECKING:
    from storage import Store
    from storage.rows import Silence

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
    from core.clock import SystemClock

    if sum((bool(match), listing, bool(end))) != 1:
        raise ConfigurationError("give one of --match, --list and --end", f"for example: {_EXAMPLE}")
    now = SystemClock().now()
    fresh = _silence(match, length, reason, author, now) if match else None
    with open_existing(load_settings()) as store:
        if fresh:
            store.write_silences([fresh])
            silences = [fresh]
        elif end:
            silences = [_end(store, end, now)]
        else:
            silences = [row for row in store.silences() if row.ends_at > now]
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
    from core.clock import SystemClock
    from storage.rows import Acknowledgement

    who = author_or_user(author)
    with open_existing(load_settings()) as store:
        alert = find_alert(store, alert_id)
        row = Acknowledgement(alert.id, who, note, SystemClock().now())
        store.acknowledge(row)
    typer.echo(orjson.dumps(asdict(row)) if as_json else f"{alert.id[:8]}  {alert.topic}  acknowledged by {who}")


def _silence(match: list[str], length: str, reason: str, author: str, now: datetime) -> Silence:
    from storage.operators import new_silence

    if not length:
        raise ConfigurationError("a silence needs an end", f"say how long with --for; for example: {_EXAMPLE}")
    if not reason.strip():
        raise ConfigurationError("a silence needs a reason", f"others will ask; for example: {_EXAMPLE}")
    return new_silence(match, author_or_user(author), reason, now, duration(length))


def _end(store: Store, prefix: str, now: datetime) -> Silence:
    from storage.operators import ended_silence

    found = [row for row in store.silences() if row.ends_at > now and row.id.startswith(prefix.lower())]
    if len(found) != 1:
        what = f"{len(found)} silences begin" if found else "no silence that is not over begins"
        raise SquallError(f"{what} with {prefix!r}", "`squall alerts silence --list` shows them")
    ended = ended_silence(found[0], now)
    store.write_silences([ended])
    return ended
