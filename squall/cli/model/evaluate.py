"""`squall model evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from squall.cli.model.metrics_table import print_metrics
from squall.cli.options import AsJson, Checkpoint, settings_of
from squall.cli.output import echo, print_json


def evaluate(
    context: typer.Context,
    data: Annotated[Path, typer.Option(help="Labelled file: .csv, .parquet, .json or .jsonl.")],
    task: Annotated[str, typer.Option(help="sentiment, topic, or another head of the checkpoint.")],
    labels: Annotated[str, typer.Option(help="Names of the integer labels in the file, in their order: negative,positive,neutral.")] = "",
    text_column: Annotated[str, typer.Option(help="Column of the text.")] = "text",
    label_column: Annotated[
        str, typer.Option(help="Column of the label; default: label, or spans for a head that finds or labels spans.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Write metrics.json, confusion.png and reliability.png to this folder.")] = None,
    skip_bad_spans: Annotated[bool, typer.Option(help="Skip rows whose spans do not fit their text.")] = False,
    found_by: Annotated[
        str, typer.Option(help="For a head that labels spans: the head that finds them, for example names. Default: those of the file.")
    ] = "",
    checkpoint: Checkpoint = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate a checkpoint on a labelled file.

    Prints accuracy, F1, calibration error, and precision and recall per class. A head that finds spans is evaluated by exact matches; its
    column has lists of {"start": 0, "end": 5, "label": …}. A head that labels spans, as mention_sentiment, is evaluated on those of the
    column, or with --found-by by exact matches of place and label; its column may also have {"Royal Mail": "negative"}.
    """
    from squall.model.evaluation.evaluate import evaluate as measure
    from squall.model.serving.engine import ScoringEngine

    order = [name.strip() for name in labels.split(",")] if labels else None
    settings = settings_of(context).model
    engine = ScoringEngine.open(settings.model_copy(update={"path": checkpoint}) if checkpoint else settings, ())
    found = measure(
        engine, data, task, order=order, text=text_column, label=label_column, skip_bad_spans=skip_bad_spans, found_by=found_by, out=out
    )
    if as_json:
        print_json(found)
        return
    echo(f"{found['task']} on {found['rows']} rows of {found['data']} ({found['model_version']})")
    print_metrics(found)
    if out:
        echo(f"wrote {out}")
