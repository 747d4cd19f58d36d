"""`squall ingest`: one module per command."""

import typer

from squall.cli.ingest import check, file, push, rss, sources, types

app = typer.Typer(help="Publish documents to Kafka.", no_args_is_help=True, rich_markup_mode=None)
app.command("file")(file.from_files)
app.command("rss")(rss.from_feeds)
app.command("push")(push.from_push)
app.command("sources")(sources.from_sources)
app.command("check")(check.check_sources)
app.command("types")(types.show_types)
