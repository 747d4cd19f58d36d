"""The live page of one machine and its JSON API."""
