"""Inputs held against a reference: where it comes from, and what other tools would say."""
