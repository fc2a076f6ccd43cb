"""Reads for pages, the API and reviews."""
