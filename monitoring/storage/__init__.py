"""How rows are written and payloads kept, on either database."""
