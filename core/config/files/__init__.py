"""Files that settings name: secrets read from them, and who may read them."""
