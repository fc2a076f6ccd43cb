"""Walks through the real demonstration with a real browser."""
