"""Alerts about names: which evidence is worth one within the budget of a day, how long it lasts, what of it is one crisis."""
