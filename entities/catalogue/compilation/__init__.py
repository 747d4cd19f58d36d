"""Makes the files of `entities/data` from the data sets and the tables written by hand: `python -m squall.entities.catalogue.compilation`."""
