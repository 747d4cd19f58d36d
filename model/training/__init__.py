"""Training: recipes, data sets, the loop, and what a run leaves."""
