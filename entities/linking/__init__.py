"""Text → links to entities: tickers and names are found, decided by their context, and told apart by their role."""
