"""`squall model train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from squall.cli.model.metrics_table import print_metrics
from squall.cli.model.pytorch import require_torch
from squall.cli.options import AsJson, Base, Epochs, Threads, given
from squall.cli.output import echo, print_json
from squall.cli.progress import progress_bar


def train(
    config: Annotated[
        Path | None, typer.Option(help="TOML recipe: base, out, data, [[task]], [[part]], [[unlabelled]], [train]; see docs/training.md.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with the public sets (tfn_sentiment, tfn_topic, sentfin).")] = None,
    base: Base = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; the best checkpoint is written to best/ in it.")] = None,
    strategy: Annotated[
        Literal["joint", "serial"] | None,
        typer.Option(help="joint: all tasks at the same time; serial: one after another, for comparison."),
    ] = None,
    epochs: Epochs = None,
    fold: Annotated[
        int | None,
        typer.Option(help="Which share of the rows is held out: with dev_share = 0.2 in the recipe, from 0 to 4 for five folds."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the heads, the order and the dropout.")] = None,
    threads: Threads = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue after the last finished epoch of the run in --out.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train heads on labelled rows.

    The epoch with the best macro F1 on held-out rows is stored. A row may have any subset of the labels. For your own data write a TOML
    recipe with a [[part]] per file and a [[task]] per head; without a [[task]] the heads are topic and sentiment.
    """
    require_torch("training", "train")
    from squall.model.training.artifacts.run_log import RunLog
    from squall.model.training.recipe import load_recipe
    from squall.model.training.run import run

    recipe = load_recipe(
        config, given(data=data, base=base, out=out), given(strategy=strategy, epochs=epochs, dev_fold=fold, seed=seed, threads=threads)
    )
    log = RunLog(sys.stderr, recipe.out / "tensorboard", progress_bar)
    try:
        best = run(recipe, log, resume=resume)
    finally:
        log.close()
    folder = recipe.out / "best"
    if as_json:
        print_json({"folder": str(folder), **best})
        return
    for name, found in best["tasks"].items():
        echo(f"{name} on {found['rows']} held-out rows, epoch {best['epoch']}")
        print_metrics(found)
    usable = {"topic", "sentiment"} <= set(best["tasks"])  # the heads that the stream needs
    echo(f"wrote {folder}; try it: squall model {'score' if usable else 'evaluate --data FILE --task NAME'} --model {folder}")
