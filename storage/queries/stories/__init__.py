"""Documents in stories: which wait, what is written of each, and what readers ask for."""
