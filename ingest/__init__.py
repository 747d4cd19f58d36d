"""Sources → documents → Kafka."""
