"""What the sources of social posts share: which posts are wanted, WebSockets, pauses, batches."""
