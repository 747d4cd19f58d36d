"""What `squall bench pipeline` measures, and against what."""
