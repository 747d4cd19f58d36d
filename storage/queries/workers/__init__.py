"""What workers write beside documents: samples, progress, dead letters."""
