"""Definitions as a file: models, SLOs, rules, channels, runbooks. `manage.py apply FILE.yml` writes them."""
