"""`squall entities`: what is known of companies and other names, how well texts lead to them, and what stored documents say about them."""

from squall.cli.entities.backfill import backfill
from squall.cli.entities.catalogue import app
from squall.cli.entities.evaluate import evaluate
from squall.cli.entities.fit import fit
from squall.cli.entities.tone import tone

__all__ = ["app"]

app.command()(backfill)
app.command()(evaluate)
app.command()(fit)
app.command()(tone)
