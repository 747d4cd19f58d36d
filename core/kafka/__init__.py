"""Kafka as every package reaches it: clients, security, topics, dead letters."""
