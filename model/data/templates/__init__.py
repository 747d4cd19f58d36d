"""Sentences of our own with slots, filled at training time: labelled with severity, events and tone, for the text and for each name."""
