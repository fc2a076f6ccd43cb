"""Fit estimators of performance without labels, in jobs: what is heavy is imported there and nowhere else."""
