"""`squall entities evaluate`."""

from __future__ import annotations

from pathlib import Path
from time import process_time
from typing import Annotated, Any

import typer

from squall.cli.options import AsJson, settings_of
from squall.cli.output import echo, print_json


def evaluate(
    context: typer.Context,
    data: Annotated[Path, typer.Option(help="Folder of tfn_sentiment/train.csv and tfn_topic/train.parquet.")],
    ambiguous: Annotated[Path | None, typer.Option(help="Labelled names that are words too, JSONL: text, start, end, is_company.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how well names are linked.

    From headlines of Twitter Financial News whose cashtag stands beside the spelled-out name, the cashtag is taken away: does the name
    lead to that ticker? Half of them (`judge`) was never looked at when the rules were made. Near-copies count once. Intervals are 95%.
    """
    from squall.entities.catalogue.catalogue import Catalogue
    from squall.entities.evaluation.evaluate import evaluate as measure
    from squall.entities.linking.linker import Linker

    catalogue = Catalogue.open(settings_of(context).entities)
    found = measure(Linker(catalogue), catalogue, data, ambiguous=ambiguous, clock=process_time)
    if as_json:
        print_json(found)
        return
    for part, report in found["tickers"].items():
        _print(f"names → ticker, {part}, {report['rows']} rows", report, ("precision", "recall", "name_precision"))
    if found["ambiguous"]:
        _print(f"ambiguous names, {found['ambiguous']['rows']} rows", found["ambiguous"], ("precision", "recall", "accuracy"))
    echo(f"headlines per second: dictionary {found['speed']['dictionary']:,.0f}, everything {found['speed']['link']:,.0f}")


def _print(title: str, report: dict[str, Any], measures: tuple[str, ...]) -> None:
    echo(title)
    for name in measures:
        share = report[name]
        interval = f"{share['low']:.3f}–{share['high']:.3f}"
        echo(f"  {name.replace('_', ' '):16} {share['value']:.3f}  ({interval}, {share['hits']} of {share['of']})")
