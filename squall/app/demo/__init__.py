"""`squall demo`: the whole pipeline over the bundled stream, and what came of it."""
