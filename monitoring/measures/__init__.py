"""Measures of the catalogue read: over windows, taken apart, compared."""
