"""Settings: the tree, its sections, where values come from, and the reference page made of it."""
