"""What feeds the processor and owns offsets or cursors: Faust over Kafka, or sources in this process."""
