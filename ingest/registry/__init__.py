"""Types of sources, and the sources of a list: what a type is, how it is found, how its sources are opened, checked and kept running."""
