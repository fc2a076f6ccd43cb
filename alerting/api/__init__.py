"""Alerting for programs, one file per subject."""
