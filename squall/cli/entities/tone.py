"""`squall entities tone`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_json
from squall.core.clock import SystemClock
from squall.core.display import visible
from squall.core.errors import SquallError
from squall.core.records import EntityKind

if TYPE_CHECKING:
    from squall.core.config.entities import EntitySettings
    from squall.dashboards.page.schemas.entities import EntityView

_PREFIXES = {"found", "sector", "industry", *EntityKind}
_LEFT_OUT = {"counts", "window_minutes", "points", "history", "alerts"}


def tone(
    context: typer.Context,
    entity: Annotated[str, typer.Argument(metavar="ID|TICKER|NAME", help="A sector, an industry, `market`, or who to look up.")],
    hours: Annotated[int, typer.Option(min=1, max=744, help="Hours of event time, up to the newest document.")] = 24,
    members: Annotated[bool, typer.Option("--members", help="Add up a country's companies, or an owner and what it owns.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Members to list at most, the most negative first.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show what stored documents say about somebody.

    That is how many documents of the last hours name it, how many of them are negative towards it, the mean tone, and how grave what
    happened is for it, where a model has read that. Of a sector, an industry, the market, and with --members of a country or an owner, the
    numbers are sums over its members, and the most negative members follow. A document that names two members counts for each; copies of a
    text count once. A name that no table knows is looked up among those found in documents. Works beside a running `squall up`, through its
    live page. Exit 1 when no stored document names it.

    \b
    Examples:
      squall entities tone VW
      squall entities tone sector:energy --hours 168
      squall entities tone Alphabet --members --json
    """
    from squall.operator.opening import open_client

    settings = settings_of(context)
    node, unknown = _node(settings.entities, entity)
    with open_client(settings, SystemClock()) as client:
        view = client.entity(node, hours, members=members, limit=limit)
    if view is None:
        if unknown is not None:
            raise SquallError(f"{unknown.what}, and no stored document names it", unknown.hint)
        hint = "nothing is known to belong to it" if members else "`squall entities backfill` reads what was stored by an older version"
        raise SquallError(f"there is no stored document that counts for {visible(node, 80)}", hint)
    if as_json:
        print_json(view.model_dump(mode="json", exclude=_LEFT_OUT) | {"hours": hours})
    else:
        _print(view, hours)


def _node(settings: EntitySettings, text: str) -> tuple[str, SquallError | None]:
    """The id that the argument means, and what is wrong where no table knows it: then it is the id that documents give such a name.

    What looks like an id is one.
    """
    from squall.cli.entities.catalogue import entities_named, open_catalogue
    from squall.entities.linking.found.names import found_entity

    catalogue = open_catalogue(settings)
    if text in catalogue.graph.labels or text.partition(":")[0] in _PREFIXES:
        return text, None
    try:
        return entities_named(catalogue, text)[0].id, None
    except SquallError as error:
        found = found_entity(text)
        if found is None:
            raise
        return found.id, error


def _print(view: EntityView, hours: int) -> None:
    totals = view.totals
    echo(f"{totals.name} ({totals.entity}), {hours} hours to {view.end:%Y-%m-%d %H:%M} UTC")
    if view.members is not None:
        echo(f"{'members':11} {view.members_named:,} of {view.members_known:,} are named; a document that names two counts for each")
    echo(
        f"{'documents':11} {totals.documents:,}: {totals.negative:,} negative, {totals.neutral:,} neutral, {totals.positive:,} positive; "
        f"{totals.negative_before:,} of {totals.documents_before:,} negative in the {hours} hours before ({totals.change:+.1f} sd)"
    )
    echo(f"{'tone':11} {totals.mean_score:+.2f}; {f'{totals.mean_score_before:+.2f}' if totals.documents_before else 'no document'} before")
    if totals.gravest is not None and totals.mean_severity is not None:
        grave = f"{totals.grave:,} {'document' if totals.grave == 1 else 'documents'} serious or graver"
        echo(f"{'severity':11} mean {totals.mean_severity:.2f}; {grave}; gravest {totals.gravest:.2f} ({totals.gravest_word})")
    if view.belongs_to:
        echo(f"{'belongs to':11} {', '.join(node.name for node in view.belongs_to)}")
    for row in view.members or ():
        counts = f"{row.negative:>7,} of {row.documents:>7,} negative  {row.mean_score:+.2f}"
        echo(f"  {row.name[:34]:34}  {(row.symbols or ('',))[0][:10]:10}  {counts}  {row.entity}")
