"""What a training run leaves in its folder: checkpoint, metrics, log, model card."""
