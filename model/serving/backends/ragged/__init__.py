"""The fast CPU backend: texts laid end to end without padding."""
