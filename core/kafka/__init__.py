"""Kafka for every package: clients, security, topics, dead letters."""
