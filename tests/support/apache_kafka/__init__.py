"""A real Apache Kafka for tests: KRaft, one node or three, on loopback, in every security mode."""
