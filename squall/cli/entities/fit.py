"""`squall entities fit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squall.cli.options import Checkpoint, settings_of
from squall.cli.output import echo


def fit(
    context: typer.Context,
    labels: Annotated[Path, typer.Argument(help="JSONL file of labelled words, as entities/labelled/word_names.jsonl of a checkout.")],
    data: Annotated[Path, typer.Option(help="Folder of the data sets that the file names.")],
    out: Annotated[Path | None, typer.Option(help="Write the weights to this file; without it, only measure.")] = None,
    checkpoint: Checkpoint = None,
) -> None:
    """Fit the odds that an ordinary word names a company.

    They are fitted with what the model says of names, and without.

    For who changes the model, the rules or the entities: the shipped weights fit the shipped ones. Each tenth of the words is judged
    by weights fitted on the others; the weights written are those of all. Lines are as `squall entities evaluate --ambiguous` takes them.

    \b
    Example:
      squall entities fit entities/labelled/word_names.jsonl --data ../shared/data --out entities/data/word_odds.toml
    """
    from squall.entities.catalogue.catalogue import Catalogue
    from squall.entities.evaluation.ambiguous_names import read_ambiguous_names
    from squall.entities.evaluation.word_odds import fit_odds, weights_file
    from squall.model.serving.engine import ScoringEngine

    settings = settings_of(context)
    names = read_ambiguous_names(labels, data)
    model = settings.model.model_copy(update={"path": checkpoint}) if checkpoint else settings.model
    with ScoringEngine.open(model, ()) as engine:
        read = engine.read([name.text for name in names])
        fits = fit_odds(Catalogue.open(settings.entities), names, read)
    for title, found in zip(("with the model", "without it"), fits, strict=True):
        echo(f"{title}: {found.report['rows']} names, {found.report['companies']} of them companies")
        for name in ("precision", "recall"):
            share = found.report[name]
            echo(f"  {name:10} {share['value']:.3f}  ({share['low']:.3f}–{share['high']:.3f}, {share['hits']} of {share['of']})")
    if out:
        out.write_text(weights_file(*fits), encoding="utf-8")
        echo(f"wrote {out}")
