"""Workarounds for faults of Faust and of the development broker."""
