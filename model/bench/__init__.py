"""`squall model bench`: the engine against common alternatives, in one run."""
