"""Filings with the United States' Securities and Exchange Commission, as EDGAR lists them."""
