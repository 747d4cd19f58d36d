"""`squall entities`: what is known of companies and other names, and reading stored documents for them."""

from squall.cli.entities.backfill import backfill
from squall.cli.entities.catalogue import app

app.command()(backfill)
