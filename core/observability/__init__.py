"""Metrics, health probes and logging of a process."""
