"""What other tools would say of the same rows: their methods, bins, log bases and defaults, for people who migrate.

These are reproductions, faults and all. What this panel itself says is in `monitoring.stats.drift`.
"""
