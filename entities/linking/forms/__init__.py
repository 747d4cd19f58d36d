"""The forms of all names: made by rule, kept in columns, and the shipped ones ready-made in `entities/data/forms.json.gz`."""
