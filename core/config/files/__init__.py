"""Files that settings and arguments name: how they are read, secrets among them, and who may read them."""
