"""Measurements beside the limits of the machine they run on."""
