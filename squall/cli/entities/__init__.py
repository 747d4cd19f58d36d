"""`squall entities`: what is known of companies and other names, and how well texts lead to them."""

from squall.cli.entities.catalogue import app
from squall.cli.entities.evaluate import evaluate

__all__ = ["app"]

app.command()(evaluate)
