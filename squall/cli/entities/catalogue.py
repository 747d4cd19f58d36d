"""`squall entities`: what is known of companies and other names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_error, print_json, print_note
from squall.core.config.entities import EntitySettings
from squall.core.display import visible
from squall.core.errors import SquallError

if TYPE_CHECKING:
    from squall.entities.catalogue.catalogue import Catalogue
    from squall.entities.entity import Entity

app = typer.Typer(help="Companies and other names: what is known of them.", no_args_is_help=True, rich_markup_mode=None)
_SHOWN_MEMBERS = 20
_SHOWN_CHARS = 80


def open_catalogue(settings: EntitySettings) -> Catalogue:
    """Load the configured catalogue."""
    from squall.entities.catalogue.catalogue import Catalogue

    return Catalogue.open(settings)


@app.command()
def show(
    context: typer.Context,
    entity: Annotated[str, typer.Argument(metavar="ID|TICKER|NAME", help="An id, a ticker, or a whole name or alias.")],
    as_json: AsJson = False,
) -> None:
    """Show an entity.

    That is its names, its tickers, and what it belongs to. Of several entities of a name the largest is shown, and the others are named.
    Sectors, industries and the market are shown by their id. Exit 1 when there is no such entity.

    \b
    Examples:
      squall entities show VW
      squall entities show ULVR.L --json
      squall entities show sector:energy
    """
    catalogue = open_catalogue(settings_of(context).entities)
    if catalogue.graph.labels.get(entity):
        _show_node(catalogue, entity, as_json=as_json)
        return
    found = entities_named(catalogue, entity)
    shown, *others = found
    if as_json:
        print_json(_as_dict(catalogue, shown) | {"others": [other.id for other in others]})
        return
    for label, value in _facts(catalogue, shown):
        if value:
            echo(f"{label:13} {value}")
    if others:
        echo(f"{'same name':13} {', '.join(other.id for other in others)}")


@app.command()
def search(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="The beginning of a name, of a word in it, or of a ticker.")],
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most this many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Search entities by name, alias or ticker.

    The best match comes first. Exit 1 when nothing is found, as grep does.

    \b
    Examples:
      squall entities search volks
      squall entities search "bank of" --limit 50 --json
    """
    catalogue = open_catalogue(settings_of(context).entities)
    found = catalogue.find(text, limit)
    if as_json:
        print_json([_as_dict(catalogue, entity) for entity in found])
    for entity in () if as_json else found:
        symbol = entity.symbols[0] if entity.symbols else ""
        echo(f"{entity.name[:40]:40}  {symbol:12}  {entity.kind.value:12}  {entity.id}")
    if not found:
        print_note(f"no entity is called {visible(text, _SHOWN_CHARS)!r}, and no name or ticker begins with it")
        raise typer.Exit(1)


@app.command()
def check(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help="CSV file of your own entities; default: the one that the settings name."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Findings of a kind to show at most; all are counted.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Check your own table of entities.

    Every broken line is told, and what is allowed but worth a look: names that another entity has too (the context decides), names
    that are short or ordinary words, and circles of parents. Findings are counted by kind, and the first of each kind shown.
    Without a table of your own, the entities that ship with Squall are counted. Exit 1 when a line is broken. docs/entities.md describes
    the columns.

    \b
    Examples:
      squall entities check mine.csv
      SQUALL_ENTITIES__PATH=mine.csv SQUALL_ENTITIES__MODE=replace squall entities check --json
    """
    from squall.entities.catalogue.checks import find_oddities, kind_counts
    from squall.entities.catalogue.user_table import EntityTableError

    loaded = settings_of(context).entities
    settings = loaded if file is None else loaded.model_copy(update={"path": file})
    try:
        catalogue = open_catalogue(settings)
    except EntityTableError as error:
        if as_json:
            print_json({"problems": [problem._asdict() for problem in error.problems]})
        else:
            print_error(error)
        raise typer.Exit(1) from error
    own = catalogue.own
    odd = find_oddities(catalogue, own, most=limit)
    counts = {kind.value: count for kind, count in kind_counts(catalogue).items()}
    if as_json:
        findings = [finding._asdict() for finding in odd.findings]
        print_json({"problems": [], "entities": counts, "own": len(own), "finding_counts": odd.counts, "findings": findings})
        return
    echo(f"{len(catalogue):,} entities: {', '.join(f'{count:,} {kind}' for kind, count in counts.items())}")
    if settings.path is not None:
        echo(f"{len(own):,} of them from {settings.path}, without a broken line; {_findings(sum(odd.counts.values()))}")
    for kind, count in odd.counts.items():
        for finding in odd.findings:
            if finding.finding == kind:
                echo(f"{finding.entity}: {finding.finding}: {finding.detail}")
        if count > limit:
            echo(f"… and {count - limit:,} more of this kind ({kind}); --limit shows more")


def _findings(count: int) -> str:
    return f"{count:,} finding{'' if count == 1 else 's'}"


def entities_named(catalogue: Catalogue, text: str) -> list[Entity]:
    """Return the entities that an argument can mean, the likeliest first: in capitals, a ticker before a name.

    Raises:
        SquallError: there is none; names similar ones.
    """
    by_id, by_symbol, by_name = catalogue.by_id(text), catalogue.by_symbol(text), catalogue.named(text)
    if by_id is not None:
        return [by_id]
    as_symbol = [by_symbol] if by_symbol is not None else []
    ordered = (*as_symbol, *by_name) if text.upper() == text else (*by_name, *as_symbol)
    found = list(dict.fromkeys(ordered))
    if not found:
        similar = ", ".join(f"{other.id} ({other.name})" for other in catalogue.find(text, 3))
        hint = f"similar: {similar}" if similar else "search with `squall entities search TEXT`"
        raise SquallError(f"no entity is called {visible(text, _SHOWN_CHARS)!r}", hint)
    return found


def _as_dict(catalogue: Catalogue, entity: Entity) -> dict[str, Any]:
    return {
        "id": entity.id,
        "kind": entity.kind.value,
        "name": entity.name,
        "aliases": entity.aliases,
        "former_names": entity.former_names,
        "symbols": entity.symbols,
        "sector": entity.sector,
        "industry": entity.industry,
        "country": entity.country,
        "parent": entity.parent,
        "size": entity.size,
        "needs_context": [name for name in catalogue.names(entity) if catalogue.needs_context(name)],
        "ancestors": catalogue.ancestors(entity.id),
    }


def _facts(catalogue: Catalogue, entity: Entity) -> list[tuple[str, str]]:
    facts = _as_dict(catalogue, entity)
    members = catalogue.members(entity.id)
    return [
        ("entity", f"{entity.name} ({entity.kind.value})"),
        ("id", entity.id),
        ("also", ", ".join(entity.aliases)),
        ("formerly", ", ".join(entity.former_names)),
        ("symbols", ", ".join(entity.symbols)),
        ("needs context", ", ".join(facts["needs_context"])),
        ("sector", entity.sector),
        ("industry", entity.industry),
        ("belongs to", ", ".join(facts["ancestors"])),
        ("size", f"{entity.size} of 6" if entity.size else ""),
        ("members", _members(catalogue, members)),
    ]


def _members(catalogue: Catalogue, ids: tuple[str, ...]) -> str:
    entities = [entity for entity in map(catalogue.by_id, ids) if entity is not None]
    largest = sorted(entities, key=lambda entity: -entity.size)[:_SHOWN_MEMBERS]
    names = ", ".join(entity.name for entity in largest)
    return f"{len(entities):,}: {names}{', …' if len(entities) > _SHOWN_MEMBERS else ''}" if entities else ""


def _show_node(catalogue: Catalogue, node: str, *, as_json: bool) -> None:
    members = catalogue.members(node)
    label = catalogue.graph.labels[node]
    if as_json:
        facts = {"id": node, "name": label, "ancestors": catalogue.ancestors(node), "below": catalogue.graph.below(node)}
        print_json(facts | {"members": members})
        return
    echo(f"{'entity':13} {label}")
    echo(f"{'id':13} {node}")
    echo(f"{'members':13} {_members(catalogue, members)}")
