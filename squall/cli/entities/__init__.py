"""`squall entities`: what is known of companies and other names, how well texts lead to them, and reading stored documents for them."""

from squall.cli.entities.backfill import backfill
from squall.cli.entities.catalogue import app
from squall.cli.entities.evaluate import evaluate

__all__ = ["app"]

app.command()(backfill)
app.command()(evaluate)
