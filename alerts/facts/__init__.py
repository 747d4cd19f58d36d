"""What is told of an alert besides its state: documents, drivers, limit, chart, and what is so now."""
