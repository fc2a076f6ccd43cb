"""Other systems' own words: they talk to this panel unchanged."""
