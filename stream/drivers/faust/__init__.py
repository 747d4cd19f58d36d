"""Kafka through Faust into the processor."""
