"""What is on this machine's file systems: folders that are watched, files that are followed, standard input."""
