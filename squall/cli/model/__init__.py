"""`squall model`: one module per command."""

import typer

from squall.cli.model import augment, bench, evaluate, export, pairs, pretrain, score, train

app = typer.Typer(help="Score text, evaluate and train models.", no_args_is_help=True)
app.command("score")(score.score)
app.command("evaluate")(evaluate.evaluate)
app.command("pairs")(pairs.pairs)
app.command("train")(train.train)
app.command("pretrain")(pretrain.pretrain)
app.command("augment")(augment.augment)
app.command("export")(export.export)
app.command("bench")(bench.bench)
