"""Settings: one module per section, the tree, how they are loaded, and their reference page."""
