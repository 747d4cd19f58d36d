"""`squall model pretrain`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from squall.cli.model.pytorch import require_torch
from squall.cli.options import AsJson, Base, Epochs, RecipeData, Threads, given
from squall.cli.output import echo, print_json
from squall.cli.progress import progress_bar


def pretrain(
    text: Annotated[list[Path], typer.Option(help="Text file, one text a line, or .jsonl/.csv/.parquet; repeatable.")],
    out: Annotated[Path, typer.Option(help="Folder of the encoder; pass it to `squall model train --base`.")],
    base: Base = None,
    column: Annotated[str, typer.Option(help="Column of the text, in tables.")] = "text",
    config: Annotated[Path | None, typer.Option(help="TOML file with a [pretrain] table; options override it.")] = None,
    without: Annotated[
        Path | None, typer.Option(help="Recipe of a later training; texts of its held-out rows are left out, so that they stay unseen.")
    ] = None,
    data: RecipeData = None,
    epochs: Epochs = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the order and of the masking.")] = None,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Pretrain an encoder further on plain text.

    Masked language modelling fits the encoder to the language of your texts. Near-duplicates are used once.
    Then: squall model train --base OUT …
    """
    require_torch("training", "train")
    from squall.model.training.artifacts.run_log import RunLog
    from squall.model.training.base_encoder import base_folder
    from squall.model.training.pretraining.corpus import held_out_keys, read_texts
    from squall.model.training.pretraining.pretrain import Pretrainer, load_pretrain_config
    from squall.model.training.recipe import load_recipe

    log = RunLog(sys.stderr, out / "tensorboard", progress_bar)
    settings = load_pretrain_config(config, given(epochs=epochs, seed=seed, threads=threads))
    hidden = held_out_keys(load_recipe(without, given(data=data), {})) if without else set()
    texts = read_texts(text, column, without=hidden)
    log.message(f"{len(texts)} texts, without near-duplicates and held-out texts")
    try:
        found = Pretrainer(base_folder(base), settings, out, log).fit(texts)
    finally:
        log.close()
    if as_json:
        print_json({"folder": str(out), **found})
        return
    echo(f"loss on held-out texts: {found['dev_loss'][0]:.4f} before, {found['dev_loss'][-1]:.4f} after")
    echo(f"wrote {out}; continue with: squall model train --base {out}")
