"""The roof: the command line, the all-in-one node, the demo and the doctor."""

__version__ = "0.1.0"
