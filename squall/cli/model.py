"""`squall model`: score, evaluate, train, pretrain, augment, export, bench."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from squall.cli.model_bench import bench
from squall.cli.model_export import export
from squall.cli.model_parts import Checkpoint, Json, print_scores
from squall.cli.model_train import augment, pretrain, train
from squall.core.config.loading import load_settings

if TYPE_CHECKING:
    from squall.model.serving.engine import ScoringEngine
    from squall.model.tasks import TaskSpec

app = typer.Typer(help="The network: score text, measure it, train another one.", no_args_is_help=True)


@app.command()
def score(model: Checkpoint = None) -> None:
    """Read lines from standard input, each a text or a JSON object {"text": …, "id": …}, and write a JSON object for each.

    A line that can't be scored gives an object with `line` and `error`; the others are scored all the same.
    """
    from squall.model.serving.json_lines import score_lines

    with _engine(model) as engine:
        for result in score_lines(sys.stdin.buffer, engine):
            sys.stdout.buffer.write(orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="Labelled file: .csv, .parquet, .json or .jsonl.")],
    task: Annotated[str, typer.Option(help="sentiment, topic, or another head of the checkpoint.")],
    labels: Annotated[str, typer.Option(help="Names that integers in the file stand for, in order: negative,positive,neutral.")] = "",
    text_column: Annotated[str, typer.Option(help="Column of the text.")] = "text",
    label_column: Annotated[str, typer.Option(help="Column of the label; default: label, or spans for a head that finds spans.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder for metrics.json, confusion.png and reliability.png.")] = None,
    skip_bad_spans: Annotated[bool, typer.Option(help="Leave out rows whose spans don't fit their text.")] = False,
    model: Checkpoint = None,
    as_json: Json = False,
) -> None:
    """Measure a checkpoint on a labelled file: accuracy, F1, calibration, and precision and recall per class.

    A head that finds spans is measured by exact matches; its column holds lists of {"start": 0, "end": 5, "label": …}.
    """
    from squall.model.evaluation.evaluate import evaluate as measure

    order = [name.strip() for name in labels.split(",")] if labels else None
    found = measure(
        _engine(model, needed=()), data, task, order=order, text=text_column, label=label_column, skip_bad_spans=skip_bad_spans, out=out
    )
    if as_json:
        typer.echo(orjson.dumps(found).decode())
        return
    typer.echo(f"{found['task']} on {found['rows']} rows of {found['data']} ({found['model_version']})")
    print_scores(found)
    if out:
        typer.echo(f"written to {out}")


def _engine(folder: Path | None, needed: Sequence[TaskSpec] | None = None) -> ScoringEngine:
    from squall.model.serving.engine import ScoringEngine
    from squall.model.tasks import DEFAULT_TASKS

    settings = load_settings().model
    settings = settings.model_copy(update={"path": folder}) if folder else settings
    return ScoringEngine.open(settings, DEFAULT_TASKS if needed is None else needed)


for command in (train, pretrain, augment, export, bench):
    app.command()(command)
