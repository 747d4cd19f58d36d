"""A Kafka topic of somebody else's as a source: its messages, mapped to documents."""
