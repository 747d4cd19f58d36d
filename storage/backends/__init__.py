"""Two ways to reach ClickHouse: a server over the native protocol, or embedded (chDB)."""
