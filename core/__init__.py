"""What all other packages build on: records, settings, errors, clocks, observability, Kafka and network. Imports none of them."""
