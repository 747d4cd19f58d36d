"""Backends: the implementations of the forward pass, and the choice between them."""
