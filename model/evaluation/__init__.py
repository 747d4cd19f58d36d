"""How good a checkpoint is: metrics, calibration, plots."""
