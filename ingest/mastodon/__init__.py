"""Statuses of Mastodon servers: streamed, with what was missed fetched by the REST API."""
