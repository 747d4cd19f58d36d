"""Storage → spikes → alerts → messages: the detector, the life of an alert, and who is told."""
