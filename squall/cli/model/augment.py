"""`squall model augment`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from squall.cli.model.pytorch import require_torch
from squall.cli.options import RecipeData, given
from squall.cli.output import echo
from squall.cli.progress import progress_bar


def augment(
    config: Annotated[Path, typer.Option(help="Recipe whose training texts are rewritten; its held-out texts are not used.")],
    model: Annotated[Path, typer.Option(help="Encoder folder that `squall model pretrain` wrote.")],
    out: Annotated[Path, typer.Option(help="JSONL file to write; name it in an [[unlabelled]] section.")],
    data: RecipeData = None,
    copies: Annotated[int, typer.Option(min=1, help="New texts per text.")] = 2,
    seed: Annotated[int, typer.Option(help="Seed of the masking and of the replacements.")] = 13,
) -> None:
    """Rewrite training texts.

    15 to 50% of the words are replaced by plausible ones, which gives additional texts for teachers to label.
    Then name OUT as [[unlabelled]] in a recipe with teachers, and run: squall model train --config …
    """
    require_torch("rewriting texts", "train")
    from squall.model.training.artifacts.run_log import RunLog
    from squall.model.training.pretraining.augment import Rewriter, write_lines
    from squall.model.training.recipe import load_recipe

    recipe = load_recipe(config, given(data=data), {})
    train, _ = recipe.split()
    rewriter = Rewriter(model, recipe.train.max_tokens, seed)
    count = write_lines(out, rewriter.rewrite([row.text for row in train], copies, RunLog(sys.stderr, open_progress=progress_bar)))
    echo(f"wrote {count} texts to {out}; name it in an [[unlabelled]] section of a recipe with teachers")
