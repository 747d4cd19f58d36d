"""How grave what a text reports is, and what happened: the names, words and meanings that model, store, page and mails share."""
