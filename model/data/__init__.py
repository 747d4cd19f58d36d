"""Labelled data: files into rows, splits, and the public sets."""
