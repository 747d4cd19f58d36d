"""`squall bench`: one module per command, and one that prints."""

import typer

from squall.cli.bench import pipeline

app = typer.Typer(help="Measure the whole pipeline on this machine.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def bench() -> None:
    """Keep `pipeline` a subcommand: Typer merges an only command with its group."""


app.command("pipeline")(pipeline.pipeline)
