"""Documents → scores → storage: the processor, and the two drivers that feed it (Faust over Kafka; in process)."""
