"""Workarounds for faults of Faust, aiokafka and the development broker: one module each, named after the fault."""
