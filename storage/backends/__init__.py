"""Two backends: a ClickHouse server over the native protocol, or embedded (chDB)."""
