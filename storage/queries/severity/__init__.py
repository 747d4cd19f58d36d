"""How many documents there are of each severity: the columns of rollups, and queries over spans of time."""
