"""What keeps alerts, and people, quiet."""
