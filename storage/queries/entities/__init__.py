"""Mentions of entities: writing and finding them, counts per entity, and how those are kept."""
