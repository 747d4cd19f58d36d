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
    data: Annotated[
        Path,
        typer.Option(help="Folder of tfn_sentiment/train.csv, tfn_topic/train.parquet and the data sets that --ambiguous names."),
    ],
    ambiguous: Annotated[Path | None, typer.Option(help="JSONL file of labelled names that are words too; see above.")] = None,
    names: Annotated[Path | None, typer.Option(help="JSONL file of texts with all their names; see above.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how well names are linked.

    From headlines of Twitter Financial News whose cashtag stands beside the spelled-out name, the cashtag is taken away: does the name
    lead to that ticker? Half of them (`judge`) was never looked at when the rules were made. Near-copies count once. Intervals are 95%.

    With --ambiguous: how often is a word taken for a company where it is one? Each line of the file is an object with start, end,
    is_company (true or false), and either the text itself or a place in a data set below --data: source, row (from 0, without the header)
    and sha256 (the first 16 digits, of the text without blanks around it). The sources are tfn_sentiment, tfn_topic, sentfin, finentity,
    stocknet, abc_headlines and uci_stories. A checkout of Squall has 300 lines of that kind in tests/data/ambiguous_names.jsonl.

    With --names: how many of the companies that are linked are marked as organisations, and how many of those that are known by a marked
    name are linked? Each line is an object with text and names, a list of objects with start, end and label (ORG, PER, LOC, MISC), as in
    model/labelled/names.jsonl of a checkout. Blocks of 40 lines are in turn for tuning and for judging.

    \b
    Examples:
      squall entities evaluate --data ../shared/data
      squall entities evaluate --data ../shared/data --names model/labelled/names.jsonl
      squall entities evaluate --data ../shared/data --ambiguous tests/data/ambiguous_names.jsonl --json
    """
    from squall.entities.catalogue.catalogue import Catalogue
    from squall.entities.evaluation.evaluate import evaluate as measure
    from squall.entities.linking.linker import Linker

    catalogue = Catalogue.open(settings_of(context).entities)
    found = measure(Linker(catalogue), catalogue, data, ambiguous=ambiguous, names=names, clock=process_time)
    if as_json:
        print_json(found)
        return
    for part, report in found["tickers"].items():
        _print(f"names → ticker, {part}, {report['rows']} rows", report, ("precision", "recall", "name_precision"))
    if found["ambiguous"]:
        _print(f"ambiguous names, {found['ambiguous']['rows']} rows", found["ambiguous"], ("precision", "recall", "accuracy"))
    for part, report in (found["names"] or {}).items():
        _print(f"names of companies in labelled texts, {part}, {report['rows']} rows", report, ("precision", "recall"))
    echo(f"headlines per second: dictionary {found['speed']['dictionary']:,.0f}, everything {found['speed']['link']:,.0f}")


def _print(title: str, report: dict[str, Any], measures: tuple[str, ...]) -> None:
    echo(title)
    for name in measures:
        share = report[name]
        interval = f"{share['low']:.3f}–{share['high']:.3f}"
        echo(f"  {name.replace('_', ' '):16} {share['value']:.3f}  ({interval}, {share['hits']} of {share['of']})")
