"""How well names are linked: measured on rows that tell the truth, with confidence intervals."""
