"""The tables: their declarations in Python, the numbered SQL migrations, and what applies them."""
