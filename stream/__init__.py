"""Documents → scores → storage: the processor, and the two drivers that feed it (Faust; in-process)."""
