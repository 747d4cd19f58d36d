"""Storage → spikes → alerts → messages: detection, the lifecycle of an alert, and notification."""
