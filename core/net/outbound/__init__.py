"""HTTP requests to addresses that others may choose: feeds, their redirects, webhooks. Every connection is checked and pinned."""
