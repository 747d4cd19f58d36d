"""The demo's bundled stream of invented news and posts."""
