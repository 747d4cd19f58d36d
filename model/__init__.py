"""The multi-task network: training, evaluation, the scoring engine, the shipped weights."""
