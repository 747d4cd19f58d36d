"""The scoring engine: queue, worker, backends."""
