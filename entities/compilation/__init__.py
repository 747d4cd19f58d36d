"""Makes the files of `entities/data` from data sets and hand-written tables: `python -m squall.entities.compilation`."""
