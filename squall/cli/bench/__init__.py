"""`squall bench`: one module per command, and one that prints."""

import typer

from squall.cli.bench import capacity, pipeline, store

app = typer.Typer(help="Measure this machine, and work out what is needed.", no_args_is_help=True, rich_markup_mode=None)

app.command("capacity")(capacity.capacity)
app.command("pipeline")(pipeline.pipeline)
app.command("store")(store.store)
